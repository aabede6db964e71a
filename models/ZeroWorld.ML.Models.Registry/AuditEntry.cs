namespace ZeroWorld.ML.Models.Registry;

/// <summary>One change of the registry, written in the transaction of the change itself.</summary>
/// <param name="Revision">Revision of the registry after the change.</param>
/// <param name="Time">UTC, whole microseconds.</param>
/// <param name="Actor">Who asked for it.</param>
/// <param name="Action"><c>register</c>, <c>set_alias</c>, <c>remove_alias</c>, <c>retire</c>, <c>restore</c> or <c>delete</c>.</param>
/// <param name="Model">Name of the model.</param>
/// <param name="Version">The version registered, retired, restored or deleted, or where the alias points now; of an alias that was removed where it pointed.</param>
/// <param name="Alias">The alias that moved or was removed, or <see langword="null"/>.</param>
/// <param name="PreviousVersion">Where the alias pointed before, or <see langword="null"/>.</param>
public sealed record AuditEntry(
    long Revision, DateTimeOffset Time, string Actor, string Action, ModelName Model, long Version, string? Alias, long? PreviousVersion);

namespace ZeroWorld.ML.Models.Registry;

/// <summary>One change of the registry, written in the transaction of the change itself.</summary>
/// <param name="Revision">Revision of the registry after the change.</param>
/// <param name="Time">UTC, whole microseconds.</param>
/// <param name="Actor">Who asked for it.</param>
/// <param name="Action"><c>register</c> or <c>set_alias</c>.</param>
/// <param name="Model">Name of the model.</param>
/// <param name="Version">The version registered, or where the alias points now.</param>
/// <param name="Alias">The alias that moved, or <see langword="null"/>.</param>
/// <param name="PreviousVersion">Where the alias pointed before, or <see langword="null"/>.</param>
public sealed record AuditEntry(
    long Revision, DateTimeOffset Time, string Actor, string Action, ModelName Model, long Version, string? Alias, long? PreviousVersion);

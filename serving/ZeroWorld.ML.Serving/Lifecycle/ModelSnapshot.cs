using System.Collections.Frozen;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>One model as requests see it: immutable, replaced as a whole.</summary>
/// <param name="Model">Its name.</param>
/// <param name="Versions">All registered versions.</param>
/// <param name="Order">Their numbers, ascending.</param>
/// <param name="Aliases">Where each alias leads now: its target, or, while that is not ready, the version that it led to before.</param>
internal sealed record ModelSnapshot(
    ModelName Model, FrozenDictionary<long, VersionSnapshot> Versions, IReadOnlyList<long> Order, FrozenDictionary<string, long> Aliases)
{
    /// <value>Versions that are out of use.</value>
    public IReadOnlyList<long> Retired { get; init; } = [];

    /// <value>Why nothing of it can be served; <see langword="null"/> otherwise.</value>
    public string? Problem { get; init; }

    /// <exception cref="ServingException"><see cref="ServingError.ModelNotFound"/>, <see cref="ServingError.ModelRefused"/>.</exception>
    public VersionSnapshot Resolve(VersionSelector selector) =>
        TryResolve(selector, out var refusal) ?? throw (Problem is null
            ? new ServingException(ServingError.ModelNotFound, refusal)
            : new ServingException(ServingError.ModelRefused, Problem));

    /// <param name="refusal">A sentence when there is none.</param>
    public VersionSnapshot? TryResolve(VersionSelector selector, out string refusal)
    {
        refusal = "";
        if (selector.Version is { } number)
        {
            if (!Versions.TryGetValue(number, out var named))
            {
                refusal = Retired.Contains(number)
                    ? $"Request for unknown model: '{Model.Name}' version {number} is retired. Versions: {Join(Order)}."
                    : $"Request for unknown model: '{Model.Name}' version {number} is not found. Versions: {Join(Order)}.";
            }

            return named;
        }

        if (Aliases.TryGetValue(selector.Alias ?? VersionSelector.ChampionAlias, out var target) && Versions.TryGetValue(target, out var aliased))
        {
            return aliased;
        }

        if (selector.Alias is { } alias)
        {
            refusal = alias == VersionSelector.ChampionAlias
                ? $"Model '{Model.Name}' of project '{Model.Project}' has no alias 'champion', so none of its versions ({Join(Order)}) answers by default. Set the alias, or name a version."
                : $"Model '{Model.Name}' of project '{Model.Project}' has no alias '{alias}'. Aliases: {Join(Aliases.Keys.Order(StringComparer.Ordinal))}.";
            return null;
        }

        for (var index = Order.Count - 1; index >= 0; index--)
        {
            if (Versions[Order[index]] is { Servable: not null } or { IsAsleep: true })
            {
                return Versions[Order[index]];
            }
        }

        refusal = $"Request for unknown model: '{Model.Name}' has no available versions.";
        return Order.Count > 0 ? Versions[Order[^1]] : null;
    }

    private static string Join<T>(IEnumerable<T> items) => string.Join(", ", items) is { Length: > 0 } text ? text : "none";
}

/// <param name="Version">1 or more.</param>
/// <param name="Digest">Digest of its package.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="Servable">Only when ready.</param>
/// <param name="Failure">Why it could not be loaded, only when failed.</param>
internal sealed record VersionSnapshot(long Version, string Digest, ServableState State, Servable? Servable, ServingException? Failure)
{
    /// <summary>Whether it was let go to save memory: a request brings it back.</summary>
    public bool IsAsleep { get; init; }
}

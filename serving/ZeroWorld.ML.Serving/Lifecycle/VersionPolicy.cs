using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Decides which versions of a model a server loads by itself. Pure.</summary>
internal static class VersionPolicy
{
    /// <returns>The targets of all aliases, and of the versions above the greatest target (all versions where there is no alias) the newest ones. Ascending.</returns>
    public static IReadOnlyList<long> ChooseEager(CatalogModel model, int newerVersionsMax)
    {
        var newestTarget = model.Aliases.Values.DefaultIfEmpty(0).Max();
        var chosen = new SortedSet<long>(model.Aliases.Values);
        chosen.UnionWith(model.Versions.Select(static item => item.Version).Where(version => version > newestTarget).OrderDescending().Take(newerVersionsMax));

        // An alias may point at a version that the snapshot no longer has; it cannot be loaded.
        chosen.IntersectWith(model.Versions.Select(static item => item.Version));
        return [.. chosen];
    }
}

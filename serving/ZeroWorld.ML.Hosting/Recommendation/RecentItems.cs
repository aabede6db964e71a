using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Hosting;

/// <summary>What the online store held of a user's recent items.</summary>
/// <param name="Ids">The oldest first.</param>
/// <param name="Cell">The feature as it was read, the newest first; <see langword="null"/>: nothing was read.</param>
/// <param name="IsNumber">Whether the user's key is a whole number.</param>
internal sealed record RecentItems(IReadOnlyList<string> Ids, FeatureCell? Cell, bool IsNumber)
{
    public static RecentItems None { get; } = new([], null, false);
}

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>How much each item of a history counts: the newest 1, each older one by a factor less.</summary>
/// <param name="Decay">Above 0, up to 1; 1 counts all alike.</param>
/// <param name="RecentMax">Only so many newest items count; 0 for all.</param>
public readonly record struct RecencyWeights(double Decay, int RecentMax)
{
    /// <summary>All items alike.</summary>
    public static RecencyWeights None => new(1, 0);

    /// <summary>The items that count, the oldest first.</summary>
    internal ReadOnlySpan<int> Recent(ReadOnlySpan<int> items) => RecentMax > 0 && items.Length > RecentMax ? items[^RecentMax..] : items;

    /// <param name="age">0 for the newest.</param>
    internal float At(int age) => Decay == 1 ? 1 : (float)Math.Pow(Decay, age);

    internal void Check()
    {
        if (Decay is not (> 0 and <= 1) || RecentMax < 0)
        {
            throw new TrainingException(
                TrainingError.InvalidInput, $"decay is {Decay} and recentMax {RecentMax}; expected a decay above 0 and up to 1, and 0 (all) or more recent items.");
        }
    }
}

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What the actions of texts cost beside those that they had: see <see cref="CombinedThresholds"/>.</summary>
/// <param name="price">Of one text more or less that is flagged in a scope, or blocked.</param>
/// <param name="flagged">By scope, how many were.</param>
/// <param name="blocked">By scope, how many were.</param>
internal sealed class ActionCost(double price, int[] flagged, int[] blocked)
{
    private readonly int[] _flagged = [.. flagged.Select(static count => -count)];
    private readonly int[] _blocked = [.. blocked.Select(static count => -count)];
    private long _differences = flagged.Sum(static count => (long)count) + blocked.Sum(static count => (long)count);
    private long _steps;

    public double Total => _steps + (price * _differences);

    /// <summary>Counts a text of a scope in, or out again.</summary>
    /// <param name="before">What it had.</param>
    /// <param name="after">What it gets.</param>
    /// <param name="count">1 or -1.</param>
    public void Add(int scope, ModerationAction before, ModerationAction after, int count)
    {
        _steps += count * Math.Abs((int)after - (int)before);
        if (after != ModerationAction.Allow)
        {
            _differences += Step(ref _flagged[scope], count);
        }

        if (after == ModerationAction.Block)
        {
            _differences += Step(ref _blocked[scope], count);
        }
    }

    // How far a count moved away from what it was.
    private static int Step(ref int difference, int count)
    {
        var far = Math.Abs(difference);
        difference += count;
        return Math.Abs(difference) - far;
    }
}

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What a threshold is chosen by.</summary>
public enum ThresholdGoalKind
{
    /// <summary>The lowest threshold above which at least so great a share is positive.</summary>
    Precision,

    /// <summary>The highest threshold that finds at least so great a share of the positives.</summary>
    Recall,

    /// <summary>The threshold with the least cost of misses and false alarms.</summary>
    Cost,
}

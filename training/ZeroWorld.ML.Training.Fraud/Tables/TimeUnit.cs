namespace ZeroWorld.ML.Training.Fraud;

/// <summary>What the whole numbers of a time column count.</summary>
public enum TimeUnit
{
    /// <summary>By the size of the numbers: years (1800 to 2200), dates (all of them like 20240131), seconds, milliseconds or microseconds since the epoch where all lie between 1973 and 2286, else <see cref="Index"/>.</summary>
    Auto,

    /// <summary>Calendar years.</summary>
    Years,

    /// <summary>Dates: 20240131 is 31 January 2024.</summary>
    Dates,

    /// <summary>Days since any day.</summary>
    Days,

    /// <summary>Seconds since the epoch.</summary>
    Seconds,

    /// <summary>Milliseconds since the epoch.</summary>
    Milliseconds,

    /// <summary>Microseconds since the epoch.</summary>
    Microseconds,

    /// <summary>Only the order counts: there are no days, and no label delay.</summary>
    Index,
}

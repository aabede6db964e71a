namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The best row so far of a moment.</summary>
internal struct LastValueCandidate
{
    /// <summary>In <see cref="Row"/>: another row has the same times.</summary>
    public const long TieFlag = 1L << 62;

    /// <summary>Microseconds.</summary>
    public long EventTime;

    /// <summary>Microseconds.</summary>
    public long CreatedTime;

    /// <summary>Number of the row plus 1; 0: there is none.</summary>
    public long Row;

    public readonly bool IsTied => (Row & TieFlag) != 0;
}

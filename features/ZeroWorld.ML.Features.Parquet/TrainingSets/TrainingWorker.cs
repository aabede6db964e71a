namespace ZeroWorld.ML.Features.Parquet;

/// <summary>What one thread needs to make rows: blocks, and a group that they become. Not thread safe.</summary>
internal sealed class TrainingWorker(IReadOnlyList<TrainingBlock> blocks, TrainingGroup group, IReadOnlyList<ColumnStatisticsBuilder?> statistics) : IDisposable
{
    private readonly BlockDigest _digest = new();

    public IReadOnlyList<TrainingBlock> Blocks => blocks;

    /// <summary>Those that hold rows, in their order.</summary>
    public List<TrainingBlock> Filled { get; } = [];

    public TrainingGroup Group => group;

    public void Clear() => Filled.Clear();

    /// <summary>Computes what the spine does not have, counts and encodes it.</summary>
    /// <param name="cells">Per column of the service the cells of its view.</param>
    public void Complete(ViewCells?[] cells)
    {
        foreach (var block in Filled)
        {
            block.Complete(cells);
            block.Summarize(statistics, _digest);
        }

        group.Encode(Filled);
    }

    public void Dispose()
    {
        _digest.Dispose();
        group.Dispose();
    }
}

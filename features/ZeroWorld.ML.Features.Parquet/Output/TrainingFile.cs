namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A training set's file while it is written: groups of blocks are encoded side by side, then written one after the other.</summary>
internal abstract class TrainingFile(FileStream stream) : IDisposable
{
    protected FileStream Stream => stream;

    /// <summary>What encodes groups for one thread.</summary>
    public abstract TrainingGroup CreateGroup();

    /// <summary>Says where in the file the group goes. For one thread at a time, in the order of the rows.</summary>
    public abstract void Place(TrainingGroup group);

    /// <summary>Writes what the group holds to its place. From any thread.</summary>
    public abstract void Write(TrainingGroup group);

    /// <summary>Ends the file, when all groups are written.</summary>
    /// <param name="card">What the training set says of itself.</param>
    public abstract void Complete(string card);

    public virtual void Dispose() => stream.Dispose();

    protected void Flush() => stream.Flush(flushToDisk: true);
}

/// <summary>Rows by columns.</summary>
internal interface IColumnBlock
{
    /// <summary>Every column, in order.</summary>
    ColumnBuffer[] Buffers { get; }

    /// <summary>Rows of the block, 1 or more.</summary>
    int Count { get; }
}

/// <summary>Some blocks as the bytes of a file. Not thread safe.</summary>
internal abstract class TrainingGroup : IDisposable
{
    /// <summary>Encodes the blocks in place of those of before; they may be used again when the group is written.</summary>
    public abstract void Encode(IReadOnlyList<IColumnBlock> blocks);

    public abstract void Dispose();
}

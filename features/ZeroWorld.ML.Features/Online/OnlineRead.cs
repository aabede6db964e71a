namespace ZeroWorld.ML.Features;

/// <summary>What became of a read.</summary>
public enum OnlineReadState
{
    Pending,
    Answered,
    Unavailable,
}

/// <summary>The fields of one entity that a reader wants, and the store's answer. Filled in by the store, once; not thread safe until then.</summary>
public class OnlineRead(EntityId entity, IReadOnlyList<StorageField> fields)
{
    public EntityId Entity { get; } = entity;

    /// <summary>One or more, all of this entity's kind.</summary>
    public IReadOnlyList<StorageField> Fields { get; } = fields;

    public OnlineReadState State { get; private set; }

    /// <summary>Bytes per field, in the order of <see cref="Fields"/>; <see langword="null"/> where the store has none. Only when answered.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>?> Payloads { get; private set; } = [];

    /// <summary>Where the payloads lie, with one hold that is this read's; <see langword="null"/>: in memory of their own.</summary>
    internal OnlineReadMemory? Memory { get; private set; }

    /// <summary>Whether the store as a whole let its time pass without a word; a part of it, or a server that is known to be gone, is not the store.</summary>
    internal bool IsStoreSilent { get; private set; }

    /// <summary>Whether a cache in front of the store answers it.</summary>
    internal bool IsCached { get; set; }

    public void Answer(IReadOnlyList<ReadOnlyMemory<byte>?> payloads)
    {
        Payloads = payloads;
        State = OnlineReadState.Answered;
        OnFinished();
    }

    /// <summary>It has no answer, which tells nothing of other reads.</summary>
    public void Fail()
    {
        State = OnlineReadState.Unavailable;
        OnFinished();
    }

    /// <summary>It has no answer since the store as a whole is silent: the next reads had better not wait for it either.</summary>
    public void FailSilent()
    {
        IsStoreSilent = true;
        Fail();
    }

    /// <summary>Answers reads that the store answered together: those who wait for them are told together, which costs a fraction of one after the other.</summary>
    /// <param name="reads">Pending reads of one multi-get.</param>
    /// <param name="payloads">Per read what <see cref="Answer(IReadOnlyList{ReadOnlyMemory{byte}?})"/> takes; <see langword="null"/> fails the read.</param>
    /// <param name="memory">Where all these payloads lie, with one hold per answered read; <see langword="null"/>: in memory of their own.</param>
    public static void Answer(ReadOnlySpan<OnlineRead> reads, ReadOnlySpan<IReadOnlyList<ReadOnlyMemory<byte>?>?> payloads, OnlineReadMemory? memory = null)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(payloads.Length, reads.Length);
        for (var index = 0; index < reads.Length; index++)
        {
            var read = reads[index];
            read.Payloads = payloads[index] ?? [];
            read.Memory = payloads[index] is null ? null : memory;
            read.State = payloads[index] is null ? OnlineReadState.Unavailable : OnlineReadState.Answered;
        }

        if (reads.Length > 0)
        {
            reads[0].OnFinished(reads);
        }
    }

    /// <summary>Called once, by the thread that answered or failed the read; the other reads of the multi-get may still be pending.</summary>
    private protected virtual void OnFinished()
    {
    }

    /// <summary>Called once for reads that ended together, on the first of them; the others may be of another kind.</summary>
    private protected virtual void OnFinished(ReadOnlySpan<OnlineRead> together)
    {
        foreach (var read in together)
        {
            read.OnFinished();
        }
    }
}

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

    public void Answer(IReadOnlyList<ReadOnlyMemory<byte>?> payloads)
    {
        Payloads = payloads;
        State = OnlineReadState.Answered;
        OnFinished();
    }

    public void Fail()
    {
        State = OnlineReadState.Unavailable;
        OnFinished();
    }

    /// <summary>Called once, by the thread that answered or failed the read; the other reads of the multi-get may still be pending.</summary>
    private protected virtual void OnFinished()
    {
    }
}

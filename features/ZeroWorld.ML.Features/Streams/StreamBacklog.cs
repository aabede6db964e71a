namespace ZeroWorld.ML.Features;

/// <summary>Events that are online and not committed yet.</summary>
internal sealed class StreamBacklog
{
    private readonly List<StreamEvent> _read = [];
    private readonly List<DeadLetter> _deadLetters = [];
    private EventColumn[]? _columns;

    /// <summary>All of them, in the order in which they were read; their bytes are kept of dead letters only.</summary>
    public IReadOnlyList<StreamEvent> Read => _read;

    public IReadOnlyList<DeadLetter> DeadLetters => _deadLetters;

    /// <summary>The accepted ones, for the archive; <see langword="null"/>: there are none, or they are in it.</summary>
    public IReadOnlyList<EventColumn>? Columns => _columns;

    public int Events => _read.Count;

    /// <summary>Bytes that they came as.</summary>
    public long Bytes { get; private set; }

    /// <summary>When the oldest of them came.</summary>
    public long Since { get; private set; }

    public void Add(IReadOnlyList<StreamEvent> events, StreamBatch batch, bool isArchived, long now)
    {
        if (_read.Count == 0)
        {
            Since = now;
        }

        foreach (var item in events)
        {
            _read.Add(item with { Value = default });
            Bytes += item.Value.Length;
        }

        _deadLetters.AddRange(batch.DeadLetters);
        if (!isArchived)
        {
            return;
        }

        if (_columns is null)
        {
            _columns = [.. batch.Columns.Select(static column => column with { Values = new List<FeatureValue>(column.Values) })];
            return;
        }

        for (var index = 0; index < _columns.Length; index++)
        {
            ((List<FeatureValue>)_columns[index].Values).AddRange(batch.Columns[index].Values);
        }
    }

    public void MarkArchived() => _columns = null;

    public void Clear()
    {
        _read.Clear();
        _deadLetters.Clear();
        _columns = null;
        Bytes = 0;
    }
}

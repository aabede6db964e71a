namespace ZeroWorld.ML.Features.Redis;

/// <summary>The ids of entries that were read and are not acknowledged yet.</summary>
/// <remarks>Thread safe: they are kept from others beside the loop that reads and acknowledges them. As many as their reader holds.</remarks>
internal sealed class EntriesInHand
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _turns = new(StringComparer.Ordinal);
    private int _turn;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _turns.Count;
            }
        }
    }

    /// <returns><see langword="false"/>: it is in hand already.</returns>
    public bool TryAdd(string id)
    {
        lock (_lock)
        {
            return _turns.TryAdd(id, _turn);
        }
    }

    public void Remove(IReadOnlyList<StreamEvent> events)
    {
        lock (_lock)
        {
            foreach (var item in events)
            {
                _turns.Remove(item.Position);
            }
        }
    }

    /// <summary>Those that were in hand already when this was called the last time: most are acknowledged long before.</summary>
    public IReadOnlyList<string> ListOlder()
    {
        lock (_lock)
        {
            var older = _turns.Where(entry => entry.Value < _turn).Select(static entry => entry.Key).ToList();
            _turn++;
            return older;
        }
    }
}

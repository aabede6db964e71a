using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Entities of which a row was sent while the table was still read, and whether it is worth while to send more.</summary>
/// <remarks>It is not where entities have several rows: the one that went ahead is seldom the newest. Thread safe.</remarks>
/// <param name="rows">Rows of the table.</param>
/// <param name="entitiesMax">How many may go ahead: each takes some 30 bytes here.</param>
internal sealed class EarlyEntities(long rows, int entitiesMax)
{
    // Fewer tell nothing.
    private const int RepeatsMin = 16;

    private readonly Lock _lock = new();
    private readonly HashSet<ulong> _entities = new((int)Math.Min(rows, entitiesMax));
    private long _seen;
    private long _repeats;
    private volatile bool _isOver;

    /// <summary>Whether no more may go ahead.</summary>
    public bool IsOver => _isOver;

    public static ulong HashOf(string key) => KeyHash.Of(MemoryMarshal.AsBytes(key.AsSpan()));

    /// <summary>Enters those that were not there yet.</summary>
    /// <param name="isFirst">Receives which those are.</param>
    public void Enter(ReadOnlySpan<ulong> entities, Span<bool> isFirst)
    {
        lock (_lock)
        {
            for (var row = 0; row < entities.Length; row++)
            {
                isFirst[row] = !_isOver && _entities.Add(entities[row]);
                _repeats += isFirst[row] ? 0 : 1;
                _isOver |= _entities.Count >= entitiesMax;
            }

            // Of n rows drawn from a table of N in which every entity has two, n * n / 2 N are repeats: from half as many on it is taken for one.
            _seen += entities.Length;
            _isOver |= _repeats >= RepeatsMin && 4.0 * _repeats * rows > (double)_seen * _seen;
        }
    }

    /// <summary>Takes one back that was entered and did not go.</summary>
    public void Withdraw(ulong entity)
    {
        lock (_lock)
        {
            _entities.Remove(entity);
        }
    }

    /// <summary>Whether a row of it went ahead.</summary>
    public bool Contains(string key)
    {
        lock (_lock)
        {
            return _entities.Contains(HashOf(key));
        }
    }
}

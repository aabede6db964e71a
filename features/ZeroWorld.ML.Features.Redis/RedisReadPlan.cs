using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>How a list of fields is read: which lie in the hash of rows, which in the hash of window blocks.</summary>
internal sealed class RedisReadPlan
{
    private readonly int[] _rowTargets;
    private readonly int[] _windowTargets;
    private readonly int _count;

    public RedisReadPlan(IReadOnlyList<StorageField> fields)
    {
        var indexes = Enumerable.Range(0, fields.Count).ToList();
        _count = fields.Count;
        _rowTargets = [.. indexes.Where(index => !fields[index].IsWindow)];
        _windowTargets = [.. indexes.Where(index => fields[index].IsWindow)];
        RowFields = [.. _rowTargets.Select(index => (RedisValue)fields[index].Name)];
        WindowFields = [.. _windowTargets.Select(index => (RedisValue)fields[index].Name)];
    }

    /// <summary>Names of fields in the hash of rows; never written to.</summary>
    public RedisValue[] RowFields { get; }

    /// <summary>Names of fields in the hash of window blocks; never written to.</summary>
    public RedisValue[] WindowFields { get; }

    /// <summary>Puts the answers of both hashes in the order of the fields.</summary>
    public ReadOnlyMemory<byte>?[] Assemble(RedisValue[] rows, RedisValue[] windows)
    {
        var payloads = new ReadOnlyMemory<byte>?[_count];
        Place(rows, _rowTargets, payloads);
        Place(windows, _windowTargets, payloads);
        return payloads;
    }

    private static void Place(RedisValue[] values, int[] targets, ReadOnlyMemory<byte>?[] payloads)
    {
        for (var index = 0; index < targets.Length; index++)
        {
            if (!values[index].IsNull)
            {
                payloads[targets[index]] = (ReadOnlyMemory<byte>)values[index];
            }
        }
    }
}

using System.Text;
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
        RowFields = [.. _rowTargets.Select(index => (RedisValue)Encoding.UTF8.GetBytes(fields[index].Name))];
        WindowFields = [.. _windowTargets.Select(index => (RedisValue)Encoding.UTF8.GetBytes(fields[index].Name))];
    }

    /// <summary>Names of fields in the hash of rows; never written to.</summary>
    public RedisValue[] RowFields { get; }

    /// <summary>Names of fields in the hash of window blocks; never written to.</summary>
    public RedisValue[] WindowFields { get; }

    /// <summary>Copies the payloads of both answers out, in the order of the fields.</summary>
    /// <param name="target">Where to; what is left of it stays there.</param>
    /// <exception cref="RedisException">An answer is not as many values as fields were asked for.</exception>
    public ReadOnlyMemory<byte>?[] Assemble(in RedisHashAnswer rows, in RedisHashAnswer windows, ref Memory<byte> target)
    {
        var payloads = new ReadOnlyMemory<byte>?[_count];
        rows.CopyTo(_rowTargets, payloads, ref target);
        windows.CopyTo(_windowTargets, payloads, ref target);
        return payloads;
    }
}

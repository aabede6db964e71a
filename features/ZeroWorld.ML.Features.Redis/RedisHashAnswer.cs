using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>The answer of an HMGET: in the client's buffers, until it is disposed, or as values of their own. The default value is that nothing was asked for.</summary>
internal readonly struct RedisHashAnswer : IDisposable
{
    private readonly RespResult? _leased;
    private readonly RedisValue[]? _values;

    public RedisHashAnswer(RespResult leased) => _leased = leased;

    public RedisHashAnswer(RedisValue[] values) => _values = values;

    /// <summary>The answer of a completed command.</summary>
    /// <param name="task">Of <see cref="RespResult"/> or of this; <see langword="null"/>: there was no command. What it failed with is thrown.</param>
    public static RedisHashAnswer Of(Task? task) => task switch
    {
        // Nothing waits here: the command has its answer.
        null => default,
        Task<RespResult> leased => new RedisHashAnswer(leased.GetAwaiter().GetResult()),
        _ => ((Task<RedisHashAnswer>)task).GetAwaiter().GetResult(),
    };

    /// <summary>Bytes of all values.</summary>
    public int CountBytes()
    {
        var bytes = 0;
        if (_values is not null)
        {
            foreach (var value in _values)
            {
                bytes += ((ReadOnlyMemory<byte>)value).Length;
            }
        }
        else if (_leased is not null)
        {
            var reader = _leased.Read();
            for (var left = reader.IsAggregate && !reader.IsNull ? reader.AggregateLength() : 0; left > 0; left--)
            {
                reader.MoveNextScalar();
                bytes += reader.IsNull ? 0 : reader.ScalarLength();
            }
        }

        return bytes;
    }

    /// <summary>Copies the values out.</summary>
    /// <param name="places">Per value, where it goes among the payloads.</param>
    /// <param name="payloads">Stay <see langword="null"/> where the store has none.</param>
    /// <param name="target">Memory for the bytes; what is left of it stays there.</param>
    /// <exception cref="RedisException">It is not as many values.</exception>
    public void CopyTo(int[] places, ReadOnlyMemory<byte>?[] payloads, ref Memory<byte> target)
    {
        if (_values is not null)
        {
            Check(places.Length, _values.Length);
            for (var index = 0; index < _values.Length; index++)
            {
                if (!_values[index].IsNull)
                {
                    var value = (ReadOnlyMemory<byte>)_values[index];
                    value.CopyTo(target);
                    payloads[places[index]] = Take(value.Length, ref target);
                }
            }
        }
        else if (_leased is not null)
        {
            var reader = _leased.Read();
            Check(places.Length, reader.IsAggregate && !reader.IsNull ? reader.AggregateLength() : 0);
            foreach (var place in places)
            {
                reader.MoveNextScalar();
                if (!reader.IsNull)
                {
                    payloads[place] = Take(reader.CopyTo(target.Span), ref target);
                }
            }
        }
    }

    public void Dispose() => _leased?.Dispose();

    private static Memory<byte> Take(int length, ref Memory<byte> target)
    {
        var taken = target[..length];
        target = target[length..];
        return taken;
    }

    private static void Check(int expected, int count)
    {
        if (count != expected)
        {
            throw new RedisException($"HMGET was answered with {count} values; expected {expected}.");
        }
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>Which outputs of which keys are written, by the digests of the keys; the oldest key goes when there is no room.</summary>
internal sealed class FinishedWork(int most)
{
    /// <summary>Most outputs of one key: a bit each.</summary>
    public const int PartsMax = 31;

    private const uint All = uint.MaxValue;

    private readonly Dictionary<UInt128, uint> _written = [];
    private readonly Queue<UInt128> _order = [];

    public bool IsFinished(UInt128 key) => _written.GetValueOrDefault(key) == All;

    /// <summary>Whether this output of the key is there.</summary>
    public bool IsWritten(UInt128 key, int part) => (_written.GetValueOrDefault(key) >> part & 1) != 0;

    public void AddPart(UInt128 key, int part, int parts)
    {
        var written = _written.GetValueOrDefault(key) | 1U << part;
        Set(key, written == All || written == (1U << parts) - 1 ? All : written);
    }

    public void AddFinished(IEnumerable<UInt128> keys)
    {
        foreach (var key in keys)
        {
            Set(key, All);
        }
    }

    /// <param name="key">Of a result; may be empty.</param>
    /// <param name="source">Of its entry: stands for a key that is empty.</param>
    public static UInt128 DigestOf(string key, string source) =>
        BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(key.Length > 0 ? "k" + key : "s" + source)));

    private void Set(UInt128 key, uint written)
    {
        if (_written.TryAdd(key, written))
        {
            _order.Enqueue(key);
            if (_order.Count > most)
            {
                _written.Remove(_order.Dequeue());
            }
        }
        else
        {
            _written[key] = written;
        }
    }
}

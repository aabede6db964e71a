using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>The keys that came last, by their digests; the oldest goes when there is no room.</summary>
internal sealed class RecentKeys(int most)
{
    private readonly HashSet<UInt128> _known = [];
    private readonly Queue<UInt128> _order = [];

    public bool Contains(string key) => _known.Contains(DigestOf(key));

    public void Add(IEnumerable<string> keys)
    {
        foreach (var key in keys)
        {
            var digest = DigestOf(key);
            if (!_known.Add(digest))
            {
                continue;
            }

            _order.Enqueue(digest);
            if (_order.Count > most)
            {
                _known.Remove(_order.Dequeue());
            }
        }
    }

    private static UInt128 DigestOf(string key) => System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}

using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>SHA-256 over the service's fingerprint and the digests of all blocks, in their order.</summary>
/// <remarks>
/// Blocks are cut at fixed row numbers and, where texts are long, by their lengths (<see cref="BlockRoom"/>), so neither threads nor memory limits change the result. Each is
/// digested by the thread that makes it: what is left for one thread at a time is little. Not thread safe.
/// </remarks>
internal sealed class RowFingerprint : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public RowFingerprint(string serviceFingerprint, IReadOnlyList<ColumnBuffer> columns)
    {
        var header = new StringBuilder("training set 3\n").Append(serviceFingerprint).Append('\n');
        foreach (var column in columns)
        {
            header.Append(column.Kind).Append(' ').Append(column.Name).Append('\n');
        }

        _hash.AppendData(Encoding.UTF8.GetBytes(header.ToString()));
    }

    /// <summary>Adds a block.</summary>
    /// <param name="digest">Of <see cref="BlockDigest"/>.</param>
    public void Append(ReadOnlySpan<byte> digest) => _hash.AppendData(digest);

    /// <returns>64 characters of lower-case hex.</returns>
    public string Complete() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();
}

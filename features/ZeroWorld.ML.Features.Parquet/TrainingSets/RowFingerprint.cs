using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>SHA-256 over the service's fingerprint and the rows, block by block and column by column in their order.</summary>
/// <remarks>Blocks are cut at fixed row numbers and, where texts are long, by their lengths (<see cref="BlockRoom"/>), so neither threads nor memory limits change the result. Not thread safe.</remarks>
internal sealed class RowFingerprint : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public RowFingerprint(string serviceFingerprint, IReadOnlyList<ColumnBuffer> columns)
    {
        var header = new StringBuilder("training set 1\n").Append(serviceFingerprint).Append('\n');
        foreach (var column in columns)
        {
            header.Append(column.Kind).Append(' ').Append(column.Name).Append('\n');
        }

        _hash.AppendData(Encoding.UTF8.GetBytes(header.ToString()));
    }

    /// <summary>Adds a block.</summary>
    public void Append(IReadOnlyList<ColumnBuffer> columns, int rows)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var column in columns)
        {
            _hash.AppendData(MemoryMarshal.AsBytes(column.Nulls.AsSpan(0, rows)));
            if (!ColumnTypes.IsOfBytes(column.Kind))
            {
                _hash.AppendData(MemoryMarshal.AsBytes(column.Bits.AsSpan(0, rows)));
                continue;
            }

            for (var row = 0; row < rows; row++)
            {
                var bytes = column.Nulls[row] ? default : column.BytesAt(row);
                BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
                _hash.AppendData(length);
                _hash.AppendData(bytes);
            }
        }
    }

    /// <returns>64 characters of lower-case hex.</returns>
    public string Complete() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();
}

using System.Buffers;
using System.Text.Unicode;

namespace ZeroWorld.ML.Features;

/// <summary>Looks for bytes that are no text in UTF-8, in memory of a few MiB whatever the length.</summary>
public static class Utf8Scan
{
    private const int ChunkLength = 1 << 20;

    /// <summary>Reads a stream to its end, or to the first byte that is no part of a text.</summary>
    /// <param name="stream">From its first byte on; it stays open.</param>
    /// <param name="refusesZero">Whether a byte that is zero is none either.</param>
    /// <param name="cancellationToken">Asked once for each MiB.</param>
    /// <returns>Where that byte is, from 0, and up to four bytes from there on; <see langword="null"/> where all are.</returns>
    public static (long Offset, byte[] Bytes)? FindInvalid(Stream stream, bool refusesZero, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var (buffer, texts) = (ArrayPool<byte>.Shared.Rent(ChunkLength), ArrayPool<char>.Shared.Rent(ChunkLength));
        try
        {
            // A character may be cut by the end of a chunk: its bytes wait for the next.
            for (var (before, kept, isLast) = (0L, 0, false); !isLast;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = stream.ReadAtLeast(buffer.AsSpan(kept, ChunkLength - kept), ChunkLength - kept, throwOnEndOfStream: false);
                isLast = read < ChunkLength - kept;
                var chunk = buffer.AsSpan(0, kept + read);
                var status = Utf8.ToUtf16(chunk, texts, out var valid, out _, replaceInvalidSequences: false, isFinalBlock: isLast);
                var zero = refusesZero ? chunk[..valid].IndexOf((byte)0) : -1;
                if (zero >= 0 || status == OperationStatus.InvalidData)
                {
                    var place = zero >= 0 ? zero : valid;
                    return (before + place, chunk[place..Math.Min(chunk.Length, place + 4)].ToArray());
                }

                chunk[valid..].CopyTo(buffer);
                (before, kept) = (before + valid, chunk.Length - valid);
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            ArrayPool<char>.Shared.Return(texts);
        }
    }
}

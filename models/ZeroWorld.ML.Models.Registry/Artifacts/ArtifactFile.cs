using System.Buffers;
using System.Security.Cryptography;

namespace ZeroWorld.ML.Models.Registry;

/// <summary>What every artifact store does with local files.</summary>
internal static class ArtifactFile
{
    private const int BufferBytes = 1 << 17;

    /// <summary>Copies a file and digests the very bytes that were written.</summary>
    /// <param name="target">A file that does not exist yet.</param>
    /// <param name="toDisk">Whether the bytes are on the disk when this returns.</param>
    public static async Task<string> CopyAsync(string source, string target, bool toDisk, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var reader = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        var writer = new FileStream(target, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous);
        await using (reader.ConfigureAwait(false))
        await using (writer.ConfigureAwait(false))
        {
            int count;
            while ((count = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                hash.AppendData(buffer, 0, count);
                await writer.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            }

            if (toDisk)
            {
                writer.Flush(flushToDisk: true);
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Makes a file of an artifact that appears under its path only when it is whole and has the digest; nothing is left beside it.</summary>
    /// <param name="fetchAsync">Writes the artifact to a path beside the file's and returns the digest of what it wrote.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.CorruptArtifact"/>.</exception>
    public static async Task FetchAsync(string digest, string path, Func<string, Task<string>> fetchAsync)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            var found = await fetchAsync(temporary).ConfigureAwait(false);
            if (found != digest)
            {
                throw new RegistryException(RegistryError.CorruptArtifact, $"The artifact {digest} is damaged: its bytes have the digest {found}.");
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}

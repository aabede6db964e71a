namespace ZeroWorld.ML.Models;

/// <summary>Files that are either there whole or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>Writes next to the target under another name, brings the bytes to the disk, then renames over the target.</summary>
    internal static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}

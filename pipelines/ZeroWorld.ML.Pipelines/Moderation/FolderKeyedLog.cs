using System.Runtime.CompilerServices;
using System.Text.Json;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>Files of lines as logs: <c>LOG.jsonl</c>. A record's key is its <c>id</c>. One process appends at a time; readers may read meanwhile.</summary>
/// <param name="folder">Output of a <see cref="ModerationFileJob"/>, which may be running.</param>
public sealed class FolderKeyedLog(string folder) : IKeyedLog
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string log, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        if (!File.Exists(PathOf(log)))
        {
            yield break;
        }

        using var file = new FileStream(PathOf(log), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        foreach (var line in Lines(file))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return line.ToArray();
        }
    }

    /// <inheritdoc/>
    public Task<bool> TryAppendAsync(string log, string key, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        try
        {
            using var file = new FileStream(PathOf(log), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            if (Lines(file).Any(line => KeyOf(line) == key))
            {
                return Task.FromResult(false);
            }

            CutTornLine(file);
            file.Write([.. record.Span, (byte)'\n']);
            file.Flush(flushToDisk: true);
            return Task.FromResult(true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FeatureException(FeatureError.StoreUnavailable, $"'{PathOf(log)}' cannot be written, or another process writes it: {exception.Message}", exception);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string PathOf(string log) => Path.Combine(folder, $"{log}.jsonl");

    // A line that a running job has not finished is not there yet.
    private static IEnumerable<ReadOnlyMemory<byte>> Lines(FileStream file)
    {
        var lines = new JsonLineReader(file);
        while (lines.TryRead(out var line))
        {
            if (line.Length > 0 && line.Span[^1] == (byte)'}')
            {
                yield return line;
            }
        }
    }

    private static string? KeyOf(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
        }
        catch (JsonException)
        {
            // Torn: its writer ended amid it.
            return null;
        }
    }

    // A full disk may have left the beginning of a record; the next one would become a part of it.
    private static void CutTornLine(FileStream file)
    {
        var (end, last) = (file.Length, new byte[1]);
        while (end > 0 && (RandomAccess.Read(file.SafeFileHandle, last, end - 1) == 0 || last[0] != (byte)'\n'))
        {
            end--;
        }

        file.SetLength(end);
        file.Seek(0, SeekOrigin.End);
    }
}

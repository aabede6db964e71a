using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>Files of lines as logs: <c>LOG.jsonl</c>. A record's key is its <c>id</c>. One process appends at a time; readers may read meanwhile.</summary>
/// <remarks>A place is the byte at which a line begins and a digest of the line, since a file can be written anew. A mark lies in <c>LOG.mark</c>.</remarks>
/// <param name="folder">Output of a <see cref="ModerationFileJob"/>, which may be running.</param>
public sealed class FolderKeyedLog(string folder) : IKeyedLog
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<LogRecord> ReadAsync(string log, string? from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        if (!File.Exists(PathOf(log)))
        {
            yield break;
        }

        using var file = new FileStream(PathOf(log), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        GoTo(file, from);
        foreach (var (at, line) in Lines(file))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new LogRecord(PlaceOf(at, line.Span), line.ToArray());
        }
    }

    /// <inheritdoc/>
    public Task<bool> TryAppendAsync(string log, string key, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        try
        {
            using var file = new FileStream(PathOf(log), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            if (Lines(file).Any(line => KeyOf(line.Record) == key))
            {
                return Task.FromResult(false);
            }

            EndLastLine(file);
            file.Write([.. record.Span, (byte)'\n']);
            file.Flush(flushToDisk: true);
            return Task.FromResult(true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unavailable(PathOf(log), exception);
        }
    }

    /// <inheritdoc/>
    public async Task<string?> FindMarkAsync(string log, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(MarkOf(log), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FeatureException(FeatureError.StoreUnavailable, $"'{MarkOf(log)}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public async Task SetMarkAsync(string log, string mark, CancellationToken cancellationToken)
    {
        var (path, part) = (MarkOf(log), $"{MarkOf(log)}.{Guid.NewGuid():N}.part");
        try
        {
            await File.WriteAllTextAsync(part, mark, cancellationToken).ConfigureAwait(false);
            File.Move(part, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unavailable(path, exception);
        }
        finally
        {
            // Moved away, or of no use.
            File.Delete(part);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string PathOf(string log) => Path.Combine(folder, $"{log}.jsonl");

    private string MarkOf(string log) => Path.Combine(folder, $"{log}.mark");

    // To the line at a place, or to the first one where another line is there.
    private static void GoTo(FileStream file, string? place)
    {
        if (place is not null && long.TryParse(place.Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at < file.Length)
        {
            file.Position = at;
            var first = Lines(file).FirstOrDefault();
            file.Position = first.At == at && PlaceOf(at, first.Record.Span) == place ? at : 0;
        }
    }

    private static string PlaceOf(long at, ReadOnlySpan<byte> line)
    {
        var digest = 14_695_981_039_346_656_037;
        foreach (var part in line)
        {
            digest = (digest ^ part) * 1_099_511_628_211;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{at}-{digest:x}");
    }

    // A line that a running job has not finished is not there yet.
    private static IEnumerable<(long At, ReadOnlyMemory<byte> Record)> Lines(FileStream file)
    {
        var lines = new JsonLineReader(file);
        for (var at = lines.Position; lines.TryRead(out var line); at = lines.Position)
        {
            if (line.Length > 0 && line.Span[^1] == (byte)'}')
            {
                yield return (at, line);
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

    private static FeatureException Unavailable(string path, Exception exception) =>
        new(FeatureError.StoreUnavailable, $"'{path}' cannot be written, or another process writes it: {exception.Message}", exception);

    // A full disk may have left the beginning of a record; the next one would become a part of it. Of a whole one, as of a file that was edited, only the end is missing.
    private static void EndLastLine(FileStream file)
    {
        var (end, last) = (file.Length, new byte[1]);
        while (end > 0 && (RandomAccess.Read(file.SafeFileHandle, last, end - 1) == 0 || last[0] != (byte)'\n'))
        {
            end--;
        }

        file.Position = end;
        if (Lines(file).Any(line => KeyOf(line.Record) is not null))
        {
            file.Seek(0, SeekOrigin.End);
            file.WriteByte((byte)'\n');
            return;
        }

        file.SetLength(end);
        file.Seek(0, SeekOrigin.End);
    }
}

using System.Text.Json;
using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>The cases of a folder that wait for a person, and the verdicts on them. A verdict is one appended line; the first of a case counts.</summary>
/// <param name="folder">Output of a <see cref="ModerationFileJob"/>, which may be running.</param>
public sealed class ReviewQueue(string folder)
{
    private readonly string _cases = Path.Combine(folder, "review.jsonl");
    private readonly string _verdicts = Path.Combine(folder, "verdicts.jsonl");

    /// <summary>Cases without a verdict, in the order of the input.</summary>
    public IEnumerable<ReviewCase> Open()
    {
        var closed = Read<ReviewVerdict>(_verdicts).Select(static verdict => verdict.Id).ToHashSet(StringComparer.Ordinal);
        return Read<ReviewCase>(_cases).Where(one => !closed.Contains(one.Id));
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: there is no open case of this id, or the model has no such label.</exception>
    public void Close(string id, string label, string reviewer, DateTimeOffset time)
    {
        var found = Open().FirstOrDefault(one => one.Id == id)
            ?? throw new TrainingException(TrainingError.InvalidInput, $"id: '{id}' is no open case of '{folder}'.");
        if (!found.Decision.Scores.ContainsKey(label))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"label: '{label}' is none of the model; expected one of {string.Join(", ", found.Decision.Scores.Keys)}.");
        }

        using var file = new FileStream(_verdicts, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        CutTornLine(file);
        file.Write([.. JsonSerializer.SerializeToUtf8Bytes(new ReviewVerdict(id, found.Text, label, reviewer, time), ModerationJson.Options), (byte)'\n']);
        file.Flush(flushToDisk: true);
    }

    // A full disk may have left the beginning of a verdict; the next one would become a part of it.
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

    // A line that a running job has not finished is not there yet.
    private static IEnumerable<T> Read<T>(string path)
    {
        if (!File.Exists(path))
        {
            yield break;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var lines = new JsonLineReader(file);
        while (lines.TryRead(out var line))
        {
            if (line.Length > 0 && line.Span[^1] == (byte)'}' && Parse<T>(line) is { } value)
            {
                yield return value;
            }
        }
    }

    private static T? Parse<T>(ReadOnlyMemory<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line.Span, ModerationJson.Options);
        }
        catch (JsonException)
        {
            // Only the last line can be torn: its writer cuts it off or writes it again.
            return default;
        }
    }
}

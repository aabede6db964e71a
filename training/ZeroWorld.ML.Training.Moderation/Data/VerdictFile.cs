using System.Text.Json;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What reviewers said, as the file that <c>zwml review export</c> writes: one JSON object a line.</summary>
internal static class VerdictFile
{
    /// <summary>Each text with the labels that are true of it, and its language and surface, empty for unknown.</summary>
    /// <param name="known">The labels that there are, and whether a text has exactly one of them.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the file is absent. <see cref="TrainingError.UnsuitableData"/>: a line; the message names file and line.</exception>
    public static IEnumerable<(string Text, IReadOnlyList<string> Labels, string Language, string Surface)> Read(string path, LabelMatrix known)
    {
        if (!File.Exists(path))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"verdicts: '{path}' does not exist; expected what zwml review export writes, or the verdicts.jsonl of a folder of decisions.");
        }

        Utf8File.Check(path);
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (line.Length > 0)
            {
                yield return Read(line, known, problem => new TrainingException(TrainingError.UnsuitableData, $"'{path}', line {number}: {problem}."));
            }
        }
    }

    private static (string Text, IReadOnlyList<string> Labels, string Language, string Surface) Read(string line, LabelMatrix known, Func<string, TrainingException> wrong)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(line);
        }
        catch (JsonException exception)
        {
            throw wrong($"it is no JSON: {JsonFault.Of(exception)}");
        }

        using (document)
        {
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw wrong($"it is a JSON {root.ValueKind}; expected an object with text, and label or labels");
            }

            var text = root.TryGetProperty("text", out var value) && TextOf(value) is { } given ? given : throw wrong("text: it is absent or no text; expected a text");
            var labels = LabelsOf(root) ?? throw wrong("label, labels: neither is there as such; expected the label, or a list of all labels that are true of the text");
            if (labels.FirstOrDefault(label => !known.Names.Contains(label, StringComparer.Ordinal)) is { } unknown)
            {
                throw wrong($"label '{unknown}' is none of the table; expected {(known.IsExclusive ? "one" : "any")} of {string.Join(", ", known.Names)}");
            }

            return !known.IsExclusive || labels.Count == 1
                ? (text, labels, ScopeOf(root, "language"), ScopeOf(root, "surface"))
                : throw wrong($"{labels.Count} labels{(labels.Count > 0 ? $" ({string.Join(", ", labels)})" : "")}; expected one, since the table has one label column");
        }
    }

    private static IReadOnlyList<string>? LabelsOf(JsonElement root)
    {
        if (root.TryGetProperty("labels", out var list) && list.ValueKind == JsonValueKind.Array)
        {
            string[] labels = [.. list.EnumerateArray().Select(TextOf).OfType<string>()];
            return labels.Length == list.GetArrayLength() ? [.. labels.Distinct(StringComparer.Ordinal)] : null;
        }

        return root.TryGetProperty("label", out var label) && TextOf(label) is { } one ? [one] : null;
    }

    private static string ScopeOf(JsonElement root, string name) => root.TryGetProperty(name, out var value) && TextOf(value) is { } text && text != ModerationRule.Any ? text : "";

    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, which the parser takes for a text.
            return null;
        }
    }
}

using System.Text.Json;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Texts with their labels, as read from a file of the user.</summary>
/// <param name="Texts">As they are.</param>
/// <param name="Labels">Of the same rows.</param>
public sealed record LabelledTexts(IReadOnlyList<string> Texts, LabelMatrix Labels)
{
    private const int RowsMax = 20_000_000;

    /// <value>Language of each row as items name it, empty for unknown; <see langword="null"/>: no column says it.</value>
    public IReadOnlyList<string>? Languages { get; init; }

    /// <value>Surface of each row as items name it, empty for unknown; <see langword="null"/>: no column says it.</value>
    public IReadOnlyList<string>? Surfaces { get; init; }

    /// <summary>Reads a .csv, .tsv or .jsonl file.</summary>
    /// <param name="labelColumns">One column holds the one label of each row; several hold 0 or 1 each, and a row may have any number of them.</param>
    /// <param name="allowed">The labels that may occur, or empty for any.</param>
    /// <param name="languageColumn">Column of <see cref="Languages"/>.</param>
    /// <param name="surfaceColumn">Column of <see cref="Surfaces"/>.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the file or a column is absent. <see cref="TrainingError.UnsuitableData"/>: a value, or bytes that are no UTF-8; the message names row and column, or line and byte.</exception>
    public static LabelledTexts Read(
        string path, string textColumn, IReadOnlyList<string> labelColumns, IReadOnlyList<string> allowed, string? languageColumn = null, string? surfaceColumn = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(labelColumns);
        ArgumentNullException.ThrowIfNull(allowed);
        if (!File.Exists(path))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"data: '{path}' does not exist; expected a .csv, .tsv or .jsonl file.");
        }

        CheckLabelColumns(labelColumns, allowed);
        Utf8File.Check(path);
        string[] scopes = [.. new[] { languageColumn, surfaceColumn }.OfType<string>()];
        var rows = ReadColumns(path, [textColumn, .. labelColumns], scopes);
        if (rows.Count is 0 or > RowsMax)
        {
            throw new TrainingException(TrainingError.UnsuitableData, $"'{path}' has {rows.Count} rows; expected 1 to {RowsMax}.");
        }

        string[] texts = [.. rows.Select(static row => row[0])];
        return new LabelledTexts(texts, labelColumns.Count == 1 ? Classes(path, rows, labelColumns[0], allowed) : Flags(path, rows, labelColumns))
        {
            Languages = languageColumn is null ? null : Scopes(path, rows, 1 + labelColumns.Count, languageColumn),
            Surfaces = surfaceColumn is null ? null : Scopes(path, rows, labelColumns.Count + scopes.Length, surfaceColumn),
        };
    }

    /// <summary>These texts and those that reviewers gave labels, which count where both have a text.</summary>
    /// <param name="paths">Files of verdicts: .jsonl with <c>text</c> and <c>label</c>, or <c>labels</c> for all that are true of it. Labels that a verdict does not name are not true.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a file is absent. <see cref="TrainingError.UnsuitableData"/>: a line, a label that no row has, or another number of labels than one where each row has one; the message names file and line.</exception>
    public LabelledTexts WithVerdicts(IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        if (paths.Count == 0)
        {
            return this;
        }

        var (texts, positive, languages, surfaces) = (new List<string>(), new List<bool>(), new List<string>(), new List<string>());
        foreach (var path in paths)
        {
            foreach (var (text, labels, language, surface) in VerdictFile.Read(path, Labels))
            {
                texts.Add(text);
                languages.Add(language);
                surfaces.Add(surface);
                positive.AddRange(Labels.Names.Select(labels.Contains));
            }
        }

        // In front: the first of equal texts is kept.
        return new LabelledTexts([.. texts, .. Texts], Labels with { Positive = [.. positive, .. Labels.Positive] })
        {
            Languages = Languages is null ? null : [.. languages, .. Languages],
            Surfaces = Surfaces is null ? null : [.. surfaces, .. Surfaces],
        };
    }

    /// <summary>Leaves the first of rows with equal texts, so that none is learned from and asked about.</summary>
    public LabelledTexts WithoutDuplicates()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return Of([.. Enumerable.Range(0, Texts.Count).Where(row => seen.Add(Texts[row].Trim()))]);
    }

    /// <summary>Some of the rows, in the order given.</summary>
    internal LabelledTexts Of(int[] rows) => new(
        [.. rows.Select(row => Texts[row])],
        Labels with { Positive = [.. rows.SelectMany(row => Labels.Positive.AsSpan(row * Labels.Columns, Labels.Columns).ToArray())] })
    {
        Languages = Languages is { } languages ? [.. rows.Select(row => languages[row])] : null,
        Surfaces = Surfaces is { } surfaces ? [.. rows.Select(row => surfaces[row])] : null,
    };

    private static string[] Scopes(string path, List<string[]> rows, int place, string column)
    {
        var every = rows.FindIndex(row => row[place] == ModerationRule.Any);
        return every < 0
            ? [.. rows.Select(row => row[place])]
            : throw Unsuitable(path, every, column, ModerationRule.Any, $"a name, or nothing where it is not known; in rules '{ModerationRule.Any}' stands for all");
    }

    // Of one column the values are labels, of several the columns.
    private static void CheckLabelColumns(IReadOnlyList<string> columns, IReadOnlyList<string> allowed)
    {
        if (columns.Where((column, place) => columns.Take(place).Contains(column, StringComparer.Ordinal)).FirstOrDefault() is { } twice)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"label: column '{twice}' is named twice; expected each once.");
        }

        if (columns.Count > 1 && allowed.Count > 0 && columns.FirstOrDefault(column => !allowed.Contains(column, StringComparer.Ordinal)) is { } unknown)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"label: column '{unknown}' is none of the labels that may occur; expected some of {string.Join(", ", allowed)}.");
        }
    }

    private static LabelMatrix Classes(string path, List<string[]> rows, string column, IReadOnlyList<string> allowed)
    {
        for (var row = 0; row < rows.Count; row++)
        {
            var label = rows[row][1];
            if (label.Length == 0 || (allowed.Count > 0 && !allowed.Contains(label, StringComparer.Ordinal)))
            {
                throw Unsuitable(path, row, column, label, allowed.Count > 0 ? $"one of {string.Join(", ", allowed)}" : "a label");
            }
        }

        var labels = LabelMatrix.OfClasses([.. rows.Select(static row => row[1])]);
        const int ClassesMax = 10_000;
        return labels.Columns is >= 2 and <= ClassesMax
            ? labels
            : throw new TrainingException(TrainingError.UnsuitableData, $"'{path}', column '{column}': it has {labels.Columns} labels; expected 2 to {ClassesMax}.");
    }

    private static LabelMatrix Flags(string path, List<string[]> rows, IReadOnlyList<string> columns)
    {
        var positive = new bool[rows.Count * columns.Count];
        for (var row = 0; row < rows.Count; row++)
        {
            for (var label = 0; label < columns.Count; label++)
            {
                positive[(row * columns.Count) + label] = rows[row][label + 1] switch
                {
                    "1" or "true" or "True" or "1.0" => true,
                    "0" or "false" or "False" or "0.0" or "" => false,
                    var other => throw Unsuitable(path, row, columns[label], other, "0 or 1 (several label columns are one flag each)"),
                };
            }
        }

        return new LabelMatrix(columns, positive, false);
    }

    // What a line of JSON leaves out of the further columns is not known.
    private static List<string[]> ReadColumns(string path, string[] columns, string[] further) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".csv" => FromTable(CsvTable.Read(path, ','), path, [.. columns, .. further]),
        ".tsv" => FromTable(CsvTable.Read(path, '\t'), path, [.. columns, .. further]),
        ".jsonl" or ".ndjson" => FromLines(path, columns, further),
        var other => throw new TrainingException(TrainingError.InvalidInput, $"data: '{path}' ends in '{other}'; expected .csv, .tsv or .jsonl."),
    };

    private static List<string[]> FromTable(CsvTable table, string path, string[] columns)
    {
        int[] places = [.. columns.Select(column => table.Columns.ToList().IndexOf(column) is >= 0 and var place
            ? place
            : throw new TrainingException(TrainingError.InvalidInput, $"'{path}' has no column '{column}'; it has {string.Join(", ", table.Columns)}."))];
        return [.. table.Rows.Select(row => places.Select(place => row[place]).ToArray())];
    }

    private static List<string[]> FromLines(string path, string[] columns, string[] further)
    {
        var rows = new List<string[]>();
        foreach (var line in File.ReadLines(path))
        {
            if (line.Length == 0)
            {
                continue;
            }

            try
            {
                using var document = JsonDocument.Parse(line);
                var row = document.RootElement;
                rows.Add(
                [
                    .. columns.Select(column => ValueOf(row, column, path, rows.Count)),
                    .. further.Select(column => row.TryGetProperty(column, out var value) && value.ValueKind != JsonValueKind.Null ? ValueOf(row, column, path, rows.Count) : ""),
                ]);
            }
            catch (JsonException exception)
            {
                throw new TrainingException(TrainingError.UnsuitableData, $"'{path}', row {rows.Count + 1}: it is no JSON object: {JsonFault.Of(exception)}.", exception);
            }
        }

        return rows;
    }

    private static string ValueOf(JsonElement row, string column, string path, int place)
    {
        if (row.ValueKind != JsonValueKind.Object)
        {
            throw new TrainingException(TrainingError.UnsuitableData, $"'{path}', row {place + 1}: it is no JSON object but a JSON {row.ValueKind}.");
        }

        if (!row.TryGetProperty(column, out var value))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"'{path}', row {place + 1}: there is no '{column}'.");
        }

        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
                _ => throw Unsuitable(path, place, column, value.GetRawText(), "a text or a number"),
            };
        }
        catch (InvalidOperationException)
        {
            throw new TrainingException(TrainingError.UnsuitableData, $"'{path}', row {place + 1}, column '{column}': it has half of a surrogate pair (\\ud800 to \\udfff) without the other; expected both.");
        }
    }

    private static TrainingException Unsuitable(string path, int row, string column, string value, string expected) =>
        new(TrainingError.UnsuitableData, $"'{path}', row {row + 1}, column '{column}': '{value}' is not valid; expected {expected}.");
}

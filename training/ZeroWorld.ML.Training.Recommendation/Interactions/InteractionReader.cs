using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Reads interactions and attributes from text tables: a header, then one row per line, separated by commas (tabs in a <c>.tsv</c>), fields quoted as RFC 4180 says, <c>.gz</c> or plain.</summary>
public static class InteractionReader
{
    // What microseconds in 64 bits hold.
    private const double NumberMax = 9e12;

    /// <param name="path">The file.</param>
    /// <param name="userColumn">Name of the column with user ids.</param>
    /// <param name="itemColumn">Name of the column with item ids.</param>
    /// <param name="timeColumn">Name of the column with times: numbers, or RFC 3339 texts with a zone; <see langword="null"/>: the order of the rows.</param>
    /// <param name="catalogue">Items that may have no interaction.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: no such column. <see cref="TrainingError.UnsuitableData"/>: a row with other fields than the header, an empty
    /// id or a time that is none; the message has file and line.</exception>
    public static InteractionSet Read(
        string path, string userColumn, string itemColumn, string? timeColumn, IEnumerable<string> catalogue, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        var builder = new InteractionSetBuilder();
        string[] columns = timeColumn is null ? [userColumn, itemColumn] : [userColumn, itemColumn, timeColumn];
        foreach (var (line, fields) in Rows(path, columns))
        {
            if ((line & 0xFFF) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (fields[0].Length == 0 || fields[1].Length == 0)
            {
                throw Wrong(path, line, fields[0].Length == 0 ? userColumn : itemColumn, "", "an id");
            }

            builder.Add(fields[0], fields[1], timeColumn is null ? line : ToTime(path, line, timeColumn, fields[2]));
        }

        return Build(builder, catalogue);
    }

    /// <summary>Interactions of columns in memory, as other tables give them.</summary>
    /// <param name="name">What the table is called in messages.</param>
    /// <param name="users">Ids: texts (<see langword="null"/> is missing) or whole numbers (<see cref="long.MinValue"/> is missing).</param>
    /// <param name="items">Likewise.</param>
    /// <param name="times">Whole numbers, numbers, or RFC 3339 texts with a zone; <see langword="null"/>: the order of the rows.</param>
    /// <param name="isKept">Whether a row counts; <see langword="null"/>: all do.</param>
    /// <param name="catalogue">Items that may have no interaction.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: ids that are neither texts nor whole numbers, a missing id or time; the message has the row.</exception>
    public static InteractionSet Of(string name, Array users, Array items, Array? times, Func<int, bool>? isKept, IEnumerable<string> catalogue)
    {
        ArgumentNullException.ThrowIfNull(users);
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(catalogue);
        var builder = new InteractionSetBuilder();
        for (var row = 0; row < users.Length; row++)
        {
            if (isKept?.Invoke(row) != false)
            {
                builder.Add(IdAt(name, users, row, "user"), IdAt(name, items, row, "item"), times is null ? row : TimeAt(name, times, row));
            }
        }

        return Build(builder, catalogue);
    }

    private static InteractionSet Build(InteractionSetBuilder builder, IEnumerable<string> catalogue)
    {
        foreach (var item in catalogue)
        {
            builder.AddItem(item);
        }

        return builder.Build();
    }

    private static string IdAt(string name, Array ids, int row, string what) => ids switch
    {
        string?[] texts when !string.IsNullOrEmpty(texts[row]) => texts[row]!,
        long[] numbers when numbers[row] != long.MinValue => numbers[row].ToString(CultureInfo.InvariantCulture),
        string?[] or long[] => throw Wrong(name, row + 1, what, "", "an id"),
        _ => throw new TrainingException(TrainingError.UnsuitableData, $"{name}: the column of {what} ids holds {ids.GetType().GetElementType()!.Name}; expected texts or whole numbers."),
    };

    private static long TimeAt(string name, Array times, int row) => times switch
    {
        long[] numbers when numbers[row] != long.MinValue => numbers[row],
        double[] numbers when Math.Abs(numbers[row]) < NumberMax => (long)Math.Round(numbers[row] * 1e6),
        string?[] texts when texts[row] is { } text => ToTime(name, row + 1, "time", text),
        _ => throw Wrong(name, row + 1, "time", "", "a number, or a time with a zone"),
    };

    /// <summary>Attributes of items: columns <c>item</c>, <c>attribute</c> and <c>value</c>.</summary>
    /// <exception cref="TrainingException">As <see cref="Read"/>.</exception>
    public static IReadOnlyList<(string Item, string Name, string Value)> ReadAttributes(string path) =>
        [.. Rows(path, ["item", "attribute", "value"]).Select(static row => (row.Fields[0], row.Fields[1], row.Fields[2]))];

    private static IEnumerable<(int Line, string[] Fields)> Rows(string path, string[] columns)
    {
        if (!File.Exists(path))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"The file '{path}' is not there.");
        }

        using var stream = File.OpenRead(path);
        var isPacked = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        using Stream plain = isPacked ? new GZipStream(stream, CompressionMode.Decompress) : stream;
        using var reader = new StreamReader(plain, new UTF8Encoding(false, true));
        var separator = Path.GetExtension(isPacked ? path[..^3] : path).Equals(".tsv", StringComparison.OrdinalIgnoreCase) ? '\t' : ',';
        var header = Split(ReadLine(reader, path, 1) ?? "", separator) ?? throw Wrong(path, 1, "header", "", "closed quotes");
        var places = columns.Select(column => Array.IndexOf(header, column)).ToArray();
        for (var index = 0; index < columns.Length; index++)
        {
            if (places[index] < 0)
            {
                throw new TrainingException(
                    TrainingError.InvalidInput, $"{Path.GetFileName(path)} has no column '{columns[index]}'; its columns are {string.Join(", ", header.Select(static name => $"'{name}'"))}.");
            }
        }

        for (var line = 2; ReadLine(reader, path, line) is { } text; line++)
        {
            if (text.Length == 0)
            {
                continue;
            }

            var fields = Split(text, separator);
            if (fields is null || fields.Length != header.Length)
            {
                throw new TrainingException(
                    TrainingError.UnsuitableData, $"{Path.GetFileName(path)}:{line}: the row has {(fields is null ? "an open quote" : $"{fields.Length} fields")}; expected {header.Length} fields as in the header.");
            }

            yield return (line, [.. places.Select(place => fields[place])]);
        }
    }

    private static string? ReadLine(StreamReader reader, string path, int line)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (Exception exception) when (exception is DecoderFallbackException or InvalidDataException)
        {
            throw new TrainingException(TrainingError.UnsuitableData, $"{Path.GetFileName(path)}:{line}: {exception.Message}", exception);
        }
    }

    /// <returns><see langword="null"/> when a quote is not closed.</returns>
    private static string[]? Split(string line, char separator)
    {
        if (!line.Contains('"'))
        {
            return line.Split(separator);
        }

        var (fields, field, isQuoted) = (new List<string>(), new StringBuilder(), false);
        for (var place = 0; place < line.Length; place++)
        {
            var symbol = line[place];
            if (symbol == '"')
            {
                if (isQuoted && place + 1 < line.Length && line[place + 1] == '"')
                {
                    field.Append('"');
                    place++;
                }
                else
                {
                    isQuoted = !isQuoted;
                }
            }
            else if (symbol == separator && !isQuoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(symbol);
            }
        }

        fields.Add(field.ToString());
        return isQuoted ? null : [.. fields];
    }

    private static long ToTime(string path, int line, string column, string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return whole;
        }

        // A number's order is all that counts: microseconds keep that of fractions of a second.
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) < NumberMax)
        {
            return (long)Math.Round(number * 1e6);
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var moment) && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > text.IndexOf(':'))
            ? moment.UtcTicks / 10
            : throw Wrong(path, line, column, text, "a number, or a time with a zone");
    }

    private static TrainingException Wrong(string path, int line, string column, string text, string expected) =>
        new(TrainingError.UnsuitableData, $"{Path.GetFileName(path)}:{line}: '{column}' is '{text}'; expected {expected}.");
}

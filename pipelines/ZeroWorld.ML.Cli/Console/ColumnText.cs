using System.Globalization;
using System.Numerics;
using Google.Protobuf;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary>Columns of one value as a person writes and reads them.</summary>
internal static class ColumnText
{
    private const int ElementsShown = 20;

    /// <summary>Reads <c>NAME=VALUE</c> or <c>NAME:TYPE=VALUE</c>; without a type, an integer is int64, a number float64, true and false bool, the rest string.</summary>
    /// <exception cref="UsageException">The text is not of this form, or the value not of the type.</exception>
    public static Column Parse(string option, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            throw new UsageException($"{option} '{text}' is not NAME=VALUE; for example {option} customer_id=4961.");
        }

        var (name, type) = text[..equals].Split(':', 2) is [var plain, var declared] ? (plain, declared) : (text[..equals], "");
        var value = text[(equals + 1)..];
        return (type == "" ? Guess(value) : type) switch
        {
            "int64" => new Column { Name = name, Int64S = new Int64Values { Values = { Number<long>(option, text, value, "a whole number") } } },
            "float64" => new Column { Name = name, Float64S = new Float64Values { Values = { Number<double>(option, text, value, "a number") } } },
            "float32" => new Column { Name = name, Float32S = new Float32Values { Values = { Number<float>(option, text, value, "a number") } } },
            "bool" => new Column { Name = name, Bools = new BoolValues { Values = { Bool(option, text, value) } } },
            "string" => new Column { Name = name, Strings = new StringValues { Values = { value } } },
            "bytes" => new Column { Name = name, Bytes = new BytesValues { Values = { Base64(option, text, value) } } },
            "timestamp" => Timestamp(option, name, value),
            "int64_list" => new Column { Name = name, Int64Lists = new Int64Lists { Rows = { new Int64Values { Values = { ListOf(option, text, value, FeatureType.Int64List).AsInt64List().ToArray() } } } } },
            "float64_list" => new Column { Name = name, Float64Lists = new Float64Lists { Rows = { new Float64Values { Values = { ListOf(option, text, value, FeatureType.Float64List).AsFloat64List().ToArray() } } } } },
            "string_list" => new Column { Name = name, StringLists = new StringLists { Rows = { new StringValues { Values = { ListOf(option, text, value, FeatureType.StringList).AsStringList().ToArray() } } } } },
            var other => throw new UsageException($"{option} '{text}' names the type '{other}'; expected bool, int64, float32, float64, string, bytes (base64), timestamp, or for a JSON array int64_list, float64_list or string_list."),
        };
    }

    private static FeatureValue ListOf(string option, string text, string value, FeatureType type) =>
        FeatureListJson.TryRead(System.Text.Encoding.UTF8.GetBytes(value), type, out var list)
            ? list
            : throw new UsageException($"{option} '{text}' gives '{value}'; expected {FeatureListJson.Expected(type)}.");

    /// <summary>Reads such texts as columns: a name that is there again is the next row of its column.</summary>
    /// <exception cref="UsageException">As <see cref="Parse"/>; or a row is of another type than the first.</exception>
    public static IReadOnlyList<Column> ParseRows(string option, IReadOnlyList<string> texts)
    {
        var columns = new List<Column>();
        foreach (var text in texts)
        {
            var next = Parse(option, text);
            if (columns.Find(column => column.Name == next.Name) is not { } first)
            {
                columns.Add(next);
            }
            else if (first.ValuesCase != next.ValuesCase)
            {
                throw new UsageException($"{option} '{text}' is not of the type of the first '{next.Name}'; expected one type, named as NAME:TYPE=VALUE where the text does not show it.");
            }
            else
            {
                // Repeated fields of two messages are joined.
                first.MergeFrom(next);
            }
        }

        return columns;
    }

    public static Column ParseTime(string option, string value) => Timestamp(option, FeatureService.TimeValue, value);

    /// <summary>One value of a column; null rows read <c>null</c>.</summary>
    public static string Show(Column column, int row) => column.NullRows.Contains((uint)row)
        ? "null"
        : column.ValuesCase switch
        {
            Column.ValuesOneofCase.Bools => column.Bools.Values[row] ? "true" : "false",
            Column.ValuesOneofCase.Int64S => column.Int64S.Values[row].ToString(CultureInfo.InvariantCulture),
            Column.ValuesOneofCase.Float32S => column.Float32S.Values[row].ToString("0.######", CultureInfo.InvariantCulture),
            Column.ValuesOneofCase.Float64S => column.Float64S.Values[row].ToString("0.######", CultureInfo.InvariantCulture),
            Column.ValuesOneofCase.Strings => column.Strings.Values[row],
            Column.ValuesOneofCase.Bytes => column.Bytes.Values[row].ToBase64(),
            Column.ValuesOneofCase.Timestamps => UnixMicroseconds.ToText(column.Timestamps.Microseconds[row]),
            Column.ValuesOneofCase.Int64Lists => List(column.Int64Lists.Rows[row].Values.Select(static value => value.ToString(CultureInfo.InvariantCulture))),
            Column.ValuesOneofCase.Float64Lists => List(column.Float64Lists.Rows[row].Values.Select(static value => value.ToString("0.######", CultureInfo.InvariantCulture))),
            Column.ValuesOneofCase.StringLists => List(column.StringLists.Rows[row].Values),
            _ => "null",
        };

    // A person looks: of hundreds of ids the first ones say enough, and --json has all of them.
    private static string List(IEnumerable<string> elements)
    {
        string[] all = [.. elements];
        return all.Length <= ElementsShown
            ? $"[{string.Join(", ", all)}]"
            : string.Create(CultureInfo.InvariantCulture, $"[{string.Join(", ", all.Take(ElementsShown))}, ... {all.Length - ElementsShown:N0} more]");
    }

    private static string Guess(string value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? "int64"
        : double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? "float64"
        : value is "true" or "false" ? "bool"
        : "string";

    private static T Number<T>(string option, string text, string value, string expected)
        where T : INumberBase<T> =>
        T.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new UsageException($"{option} '{text}': the value '{value}' is not {expected}.");

    private static bool Bool(string option, string text, string value) => value switch
    {
        "true" => true,
        "false" => false,
        _ => throw new UsageException($"{option} '{text}': the value '{value}' is not true or false."),
    };

    private static ByteString Base64(string option, string text, string value)
    {
        var bytes = new byte[value.Length];
        return Convert.TryFromBase64String(value, bytes, out var written)
            ? ByteString.CopyFrom(bytes, 0, written)
            : throw new UsageException($"{option} '{text}': the value '{value}' is not base64.");
    }

    private static Column Timestamp(string option, string name, string value) => UnixMicroseconds.TryParse(value, out var microseconds)
        ? new Column { Name = name, Timestamps = new TimestampValues { Microseconds = { microseconds } } }
        : throw new UsageException($"{option} '{value}' is not a time with a zone; expected RFC 3339 such as 2018-08-08T12:00:00Z.");
}

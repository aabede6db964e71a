using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>What a training set says of itself: in its file's metadata under <see cref="Key"/>, and as JSON beside it (docs/formats/training-set.md).</summary>
internal static class TrainingSetCard
{
    public const string Key = "zeroworld.training_set";

    private const int Format = 1;

    public static string Write(TrainingSetRequest request, TrainingSet set)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format", Format);
            writer.WriteString("project", request.Plan.Service.Project);
            writer.WriteString("service", request.Plan.Service.Name);
            writer.WriteString("service_fingerprint", set.ServiceFingerprint);
            writer.WriteString("fingerprint", set.Fingerprint);
            writer.WriteStartObject("spine");
            writer.WriteString("name", Path.GetFileName(request.Spine));
            writer.WriteString("sha256", set.SpineHash);
            writer.WriteString("time_column", request.TimeColumn);
            writer.WriteEndObject();
            if (request.AsOf is { } asOf)
            {
                writer.WriteString("as_of", UnixMicroseconds.ToText(asOf));
            }

            writer.WriteNumber("rows", set.Rows);
            writer.WriteNumber("quarantined", set.Quarantined);
            writer.WriteStartArray("columns");
            foreach (var column in set.Statistics)
            {
                WriteColumn(writer, column);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Bytes of a card at most, whatever its columns turn out to hold.</summary>
    public static int LengthMax(TrainingSetRequest request, IEnumerable<ColumnStatistics> columns)
    {
        // No number has more digits than these, by which the longest card is written.
        const long Longest = long.MinValue;
        var set = new TrainingSet(request.OutputPath, Longest, new string('0', 64), request.Plan.Service.Fingerprint, Longest)
        {
            SpineHash = new string('0', 64),
            Statistics =
            [
                .. columns.Select(static column => column with
                {
                    Nulls = Longest, NotANumber = Longest, Minimum = double.MinValue, Maximum = double.MinValue, Mean = double.MinValue, OutOfBounds = long.MaxValue,
                }),
            ],
        };
        return Encoding.UTF8.GetByteCount(Write(request, set));
    }

    /// <summary>The fingerprint that a Parquet file says of itself.</summary>
    /// <returns><see langword="null"/>: the file is no training set.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: it says that it is one, and not which.</exception>
    public static string? FindFingerprint(DuckDbSession session, string path, CancellationToken cancellationToken)
    {
        using var rows = session.Query($"SELECT decode(value) FROM parquet_kv_metadata({Sql.Text(path)}) WHERE key = {Sql.Text(Key)}::BLOB", cancellationToken);
        if (!rows.Read())
        {
            return null;
        }

        try
        {
            using var card = JsonDocument.Parse(rows.GetString(0));
            return card.RootElement.GetProperty("fingerprint").GetString();
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw ImportFailure.File(path, $"says that it is a training set, but not which; expected JSON with a 'fingerprint' under '{Key}' of its footer.");
        }
    }

    private static void WriteColumn(Utf8JsonWriter writer, ColumnStatistics column)
    {
        writer.WriteStartObject();
        writer.WriteString("name", column.Name);
        writer.WriteString("type", FeatureTypeNames.Of(column.Type));
        writer.WriteNumber("nulls", column.Nulls);
        if (column.Type is FeatureType.Float32 or FeatureType.Float64)
        {
            writer.WriteNumber("nan", column.NotANumber);
        }

        WriteNumber(writer, "min", column.Minimum);
        WriteNumber(writer, "max", column.Maximum);
        WriteNumber(writer, "mean", column.Mean);
        if (column.OutOfBounds > 0)
        {
            writer.WriteNumber("out_of_bounds", column.OutOfBounds);
        }

        writer.WriteEndObject();
    }

    // JSON has no infinity: as text it can still be told from what is not there.
    private static void WriteNumber(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is not { } number)
        {
            writer.WriteNull(name);
        }
        else if (double.IsFinite(number))
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteString(name, double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf");
        }
    }
}

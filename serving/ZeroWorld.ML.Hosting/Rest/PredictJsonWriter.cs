using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>Writes predictions row by row, for people and scripts.</summary>
internal static class PredictJsonWriter
{
    public static void Write(Utf8JsonWriter writer, PredictionResult result, IReadOnlyList<RowReasons>? reasons, bool omitFeatures)
    {
        var errors = result.RowErrors.ToDictionary(static error => error.Row);
        writer.WriteStartObject();
        writer.WriteString("prediction_id", result.PredictionId);
        writer.WriteString("project", result.Model.Project);
        writer.WriteString("model", result.Model.Name);
        writer.WriteNumber("version", result.Version);
        writer.WriteStartArray("rows");
        for (var row = 0; row < result.Rows; row++)
        {
            writer.WriteStartObject();
            if (errors.TryGetValue(row, out var error))
            {
                writer.WriteString("error", error.Message);
            }
            else
            {
                WriteOutputs(writer, result, row);
                if (reasons is not null)
                {
                    WriteReasons(writer, reasons[row]);
                }
            }

            if (!omitFeatures)
            {
                WriteFeatures(writer, result, row);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteOutputs(Utf8JsonWriter writer, PredictionResult result, int row)
    {
        writer.WriteStartObject("outputs");
        foreach (var output in result.Outputs)
        {
            writer.WritePropertyName(output.Name);
            var perRow = output.ElementsPerRow;
            var elements = OutputElements.Of(output.Tensor);
            if (perRow != 1)
            {
                writer.WriteStartArray();
            }

            for (var element = 0; element < perRow; element++)
            {
                WriteElement(writer, elements, (row * perRow) + element);
            }

            if (perRow != 1)
            {
                writer.WriteEndArray();
            }
        }

        writer.WriteEndObject();
        if (result.Decisions.Count > 0)
        {
            writer.WriteString("decision", result.Decisions[row]);
        }
    }

    private static void WriteReasons(Utf8JsonWriter writer, RowReasons reasons)
    {
        writer.WriteNumber("base_value", reasons.BaseValue);
        writer.WriteStartArray("reasons");
        foreach (var code in reasons.Codes)
        {
            writer.WriteStartObject();
            writer.WriteString("feature", code.Column);
            writer.WriteNumber("contribution", code.Contribution);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteElement(Utf8JsonWriter writer, OutputElements elements, int index)
    {
        switch (elements.Type)
        {
            case FeatureType.Bool:
                writer.WriteBooleanValue(elements.GetBool(index));
                break;
            case FeatureType.Int64:
                writer.WriteNumberValue(elements.GetInt64(index));
                break;
            case FeatureType.Float32:
                InferJsonWriter.WriteFloat(writer, elements.GetFloat32(index));
                break;
            case FeatureType.Float64:
                InferJsonWriter.WriteFloat(writer, elements.GetFloat64(index));
                break;
            default:
                writer.WriteBase64StringValue(elements.GetBytes(index));
                break;
        }
    }

    private static void WriteFeatures(Utf8JsonWriter writer, PredictionResult result, int row)
    {
        var columns = result.FeatureColumns;
        var cells = result.FeatureCells.Span.Slice(row * columns.Count, columns.Count);
        writer.WriteStartArray("features");
        for (var index = 0; index < columns.Count; index++)
        {
            ref readonly var cell = ref cells[index];
            writer.WriteStartObject();
            writer.WriteString("name", columns[index].Name);
            writer.WritePropertyName("value");
            FeatureJson.WriteValue(writer, cell.Value);
            writer.WriteString("status", FeatureJson.NameOf(cell.Status));
            if (cell.EventTime is { } time)
            {
                writer.WriteString("event_time", UnixMicroseconds.ToText(time));
            }
            else
            {
                writer.WriteNull("event_time");
            }

            writer.WriteBoolean("defaulted", cell.IsDefaulted);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>Feature values and statuses as JSON.</summary>
internal static class FeatureJson
{
    private static readonly string[] StatusNames = ["UNSPECIFIED", "PRESENT", "NULL", "NOT_FOUND", "OUTSIDE_MAX_AGE", "UNAVAILABLE"];

    public static string NameOf(FeatureStatus status) => StatusNames[(int)status];

    public static void WriteValue(Utf8JsonWriter writer, FeatureValue value)
    {
        if (value.IsNull)
        {
            writer.WriteNullValue();
            return;
        }

        switch (value.Type)
        {
            case FeatureType.Bool:
                writer.WriteBooleanValue(value.AsBool());
                break;
            case FeatureType.Int64:
                writer.WriteNumberValue(value.AsInt64());
                break;
            case FeatureType.Float32:
                InferJsonWriter.WriteFloat(writer, value.AsFloat32());
                break;
            case FeatureType.Float64:
                InferJsonWriter.WriteFloat(writer, value.AsFloat64());
                break;
            case FeatureType.Bytes:
                writer.WriteBase64StringValue(value.AsBytes().Span);
                break;
            case FeatureType.Timestamp:
                writer.WriteStringValue(UnixMicroseconds.ToText(value.AsInt64()));
                break;
            case FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList:
                WriteList(writer, value);
                break;
            default:
                writer.WriteStringValue(value.AsString());
                break;
        }
    }

    private static void WriteList(Utf8JsonWriter writer, FeatureValue value)
    {
        writer.WriteStartArray();
        switch (value.Type)
        {
            case FeatureType.Int64List:
                foreach (var element in value.AsInt64List())
                {
                    writer.WriteNumberValue(element);
                }

                break;
            case FeatureType.Float64List:
                foreach (var element in value.AsFloat64List())
                {
                    InferJsonWriter.WriteFloat(writer, element);
                }

                break;
            default:
                foreach (var element in value.AsStringList())
                {
                    writer.WriteStringValue(element);
                }

                break;
        }

        writer.WriteEndArray();
    }
}

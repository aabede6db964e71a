using System.Buffers;
using System.Text;
using System.Text.Json;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>Keys and request values of a row as the log holds them: a JSON object.</summary>
/// <remarks>Numbers round-trip; what JSON numbers cannot say is a string, bytes are base64, timestamps microseconds. Not thread safe: its buffer is used again.</remarks>
#pragma warning disable CA1001 // What the writer holds is the buffer beside it, and nothing else.
internal sealed class LoggedJson
#pragma warning restore CA1001
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _writer;

    public LoggedJson() => _writer = new Utf8JsonWriter(_buffer);

    public void WriteKeys(PredictionPlan plan, BoundRequest request, int row, LogLists<char> target)
    {
        var writer = Begin();
        for (var index = 0; index < plan.Keys.Length; index++)
        {
            writer.WritePropertyName(plan.Keys[index].Name);
            Write(writer, request.Keys[index][row]);
        }

        End(target);
    }

    public void WriteValues(PredictionPlan plan, BoundRequest request, int row, LogLists<char> target)
    {
        var values = plan.Service.Service.RequestValues;
        var writer = Begin();
        for (var index = 0; index < values.Count; index++)
        {
            writer.WritePropertyName(values[index].Name);
            Write(writer, request.Values[index][row]);
        }

        End(target);
    }

    private Utf8JsonWriter Begin()
    {
        _buffer.ResetWrittenCount();
        _writer.Reset(_buffer);
        _writer.WriteStartObject();
        return _writer;
    }

    private void End(LogLists<char> target)
    {
        _writer.WriteEndObject();
        _writer.Flush();
        Encoding.UTF8.GetChars(_buffer.WrittenSpan, target.AddRow(Encoding.UTF8.GetCharCount(_buffer.WrittenSpan)));
    }

    private static void Write(Utf8JsonWriter writer, FeatureValue value)
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
            case FeatureType.Int64 or FeatureType.Timestamp:
                writer.WriteNumberValue(value.AsInt64());
                break;
            case FeatureType.Float32 when float.IsFinite(value.AsFloat32()):
                writer.WriteNumberValue(value.AsFloat32());
                break;
            case FeatureType.Float64 when double.IsFinite(value.AsFloat64()):
                writer.WriteNumberValue(value.AsFloat64());
                break;
            case FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList:
                writer.WriteRawValue(LoggedLists.ToText(value));
                break;
            default:
                writer.WriteStringValue(value.ToString());
                break;
        }
    }
}

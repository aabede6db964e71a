using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Values of a request and bytes of tensors as the prediction log holds them, there and back. Pure.</summary>
internal static class LoggedValues
{
    private const long ExactIntegerMax = 1L << 53;

    /// <summary>Reads one value that <see cref="LoggedJson"/> wrote back as its declared type.</summary>
    /// <exception cref="FormatException">It is not a value of that type.</exception>
    public static FeatureValue FromJson(JsonElement value, FeatureType type)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return FeatureValue.Null(type);
        }

        return type switch
        {
            FeatureType.Bool => FeatureValue.FromBool(value.GetBoolean()),
            FeatureType.Int64 => FeatureValue.FromInt64(value.GetInt64()),
            FeatureType.Timestamp => FeatureValue.FromTimestamp(value.GetInt64()),
            FeatureType.Float32 => FeatureValue.FromFloat32(value.ValueKind == JsonValueKind.Number ? value.GetSingle() : float.Parse(value.GetString()!, CultureInfo.InvariantCulture)),
            FeatureType.Float64 => FeatureValue.FromFloat64(value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.Parse(value.GetString()!, CultureInfo.InvariantCulture)),
            FeatureType.String => FeatureValue.FromString(value.GetString()!),
            FeatureType.Bytes => FeatureValue.FromBytes(value.GetBytesFromBase64()),
            FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList => LoggedLists.FromText(type, value.GetRawText()),
            _ => throw new FormatException($"There is no type {type}."),
        };
    }

    /// <summary>What the log holds of a feature as text: strings, bytes as base64, lists as JSON, and an int64 that float64 does not hold exactly.</summary>
    public static string? ToText(FeatureValue value) => value switch
    {
        { IsNull: true } => null,
        { IsList: true } => LoggedLists.ToText(value),
        { IsNumeric: false } => value.ToString(),
        { Type: FeatureType.Int64 } when value.AsInt64() is < -ExactIntegerMax or > ExactIntegerMax => value.ToString(),
        _ => null,
    };

    /// <summary>A feature as its column type, of what the log holds of it.</summary>
    public static FeatureValue ToFeature(FeatureType type, double? number, string? text) => (type, number, text) switch
    {
        (FeatureType.String, _, { } value) => FeatureValue.FromString(value),
        (FeatureType.Bytes, _, { } value) => FeatureValue.FromBytes(Convert.FromBase64String(value)),
        (FeatureType.Int64, _, { } value) => FeatureValue.FromInt64(long.Parse(value, CultureInfo.InvariantCulture)),
        (FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList, _, { } value) => LoggedLists.FromText(type, value),
        (FeatureType.Bool, { } value, _) => FeatureValue.FromBool(value != 0),
        (FeatureType.Int64, { } value, _) => FeatureValue.FromInt64((long)value),
        (FeatureType.Timestamp, { } value, _) => FeatureValue.FromTimestamp((long)value),
        (FeatureType.Float32, { } value, _) => FeatureValue.FromFloat32((float)value),
        (FeatureType.Float64, { } value, _) => FeatureValue.FromFloat64(value),
        _ => FeatureValue.Null(type),
    };

    /// <summary>One row of the model's inputs, concatenated in the order of the manifest; of a variable width behind its elements (uint32), of texts each behind its bytes (uint32).</summary>
    public static byte[] ConcatenateInputs(PredictionPlan plan, InputRows[] inputs, int row)
    {
        var bytes = new byte[MeasureInputs(plan, inputs, row)];
        WriteInputs(plan, inputs, row, bytes);
        return bytes;
    }

    /// <summary>Bytes that <see cref="WriteInputs"/> takes.</summary>
    public static int MeasureInputs(PredictionPlan plan, InputRows[] inputs, int row)
    {
        var length = 0;
        for (var index = 0; index < inputs.Length; index++)
        {
            length += inputs[index].RowOf(plan.Inputs[index], row).Length + (plan.Inputs[index].IsVariable ? sizeof(uint) : 0);
        }

        return length;
    }

    /// <summary>As <see cref="ConcatenateInputs"/>, where they are wanted.</summary>
    public static void WriteInputs(PredictionPlan plan, InputRows[] inputs, int row, Span<byte> target)
    {
        for (var index = 0; index < inputs.Length; index++)
        {
            if (plan.Inputs[index].IsVariable)
            {
                BinaryPrimitives.WriteInt32LittleEndian(target, inputs[index].Width);
                target = target[sizeof(uint)..];
            }

            var part = inputs[index].RowOf(plan.Inputs[index], row);
            part.CopyTo(target);
            target = target[part.Length..];
        }
    }

    /// <summary>Where each input of a row lies in what <see cref="ConcatenateInputs"/> made.</summary>
    /// <returns><see langword="false"/> when the bytes are no such row.</returns>
    public static bool TryFindInputs(PredictionPlan plan, ReadOnlySpan<byte> bytes, Span<LoggedInput> places)
    {
        var offset = 0;
        for (var index = 0; index < plan.Inputs.Length; index++)
        {
            var input = plan.Inputs[index];
            var width = input.Width;
            if (input.IsVariable)
            {
                if (bytes.Length - offset < sizeof(uint))
                {
                    return false;
                }

                width = BinaryPrimitives.ReadInt32LittleEndian(bytes[offset..]);
                offset += sizeof(uint);
            }

            var length = input.IsTexts ? BytesCodec.Measure(bytes[offset..], width) : (long)width * input.Dtype.Width();
            if (length < 0 || length > bytes.Length - offset)
            {
                return false;
            }

            places[index] = new LoggedInput(offset, (int)length, width);
            offset += (int)length;
        }

        return offset == bytes.Length;
    }

    /// <summary>One row of the outputs, concatenated; BYTES as uint32 length and bytes per element.</summary>
    public static byte[] ConcatenateOutputs(IReadOnlyList<PredictionOutput> outputs, int row)
    {
        var parts = new ReadOnlyMemory<byte>[outputs.Count];
        var length = 0;
        for (var index = 0; index < parts.Length; index++)
        {
            parts[index] = outputs[index].Tensor.SliceRows(row, 1).ToRaw();
            length += parts[index].Length;
        }

        var bytes = new byte[length];
        var offset = 0;
        foreach (var part in parts)
        {
            part.CopyTo(bytes.AsMemory(offset));
            offset += part.Length;
        }

        return bytes;
    }
}

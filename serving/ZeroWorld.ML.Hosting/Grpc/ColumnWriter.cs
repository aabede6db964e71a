using System.Globalization;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>Feature cells and outputs as the columns of <c>zeroworld.ml.v1</c> (values.proto), straight into the bytes of the answer.</summary>
/// <remarks>On the path of every prediction: objects of generated code in between would cost as much as the rest of the request.</remarks>
internal static class ColumnWriter
{
    // values.proto: the fields of Column's oneof.
    private const int Values = 1;

    /// <summary>Writes one FeatureColumn per service column.</summary>
    /// <param name="writer">Receives them, the last first.</param>
    /// <param name="field">The repeated field of the message around them.</param>
    /// <param name="columns">Columns of the service.</param>
    /// <param name="cells">Row-major: [rows, columns].</param>
    /// <param name="rows">Number of rows.</param>
    public static void WriteFeatures(ReverseProtoWriter writer, int field, IReadOnlyList<ServiceColumn> columns, ReadOnlySpan<FeatureCell> cells, int rows)
    {
        for (var index = columns.Count - 1; index >= 0; index--)
        {
            var mark = writer.Length;
            WriteFeature(writer, columns[index], cells, index, columns.Count, rows);
            writer.EndField(field, mark);
        }
    }

    /// <summary>Writes outputs: a Column with one value per row, or a Column per element, <c>NAME[0]</c>, <c>NAME[1]</c>..., when a row has several.</summary>
    public static void WriteOutputs(ReverseProtoWriter writer, int field, IReadOnlyList<PredictionOutput> outputs, int rows)
    {
        for (var index = outputs.Count - 1; index >= 0; index--)
        {
            WriteOutput(writer, field, outputs[index], rows);
        }
    }

    private static void WriteOutput(ReverseProtoWriter writer, int field, in PredictionOutput output, int rows)
    {
        var perRow = output.ElementsPerRow;
        if (perRow == 1 || rows == 0)
        {
            WriteOutput(writer, field, output, output.Name, 0, 1, rows);
            return;
        }

        for (var element = perRow - 1; element >= 0; element--)
        {
            WriteOutput(writer, field, output, string.Create(CultureInfo.InvariantCulture, $"{output.Name}[{element}]"), element, perRow, rows);
        }
    }

    private static void WriteFeature(ReverseProtoWriter writer, ServiceColumn service, ReadOnlySpan<FeatureCell> cells, int first, int stride, int rows)
    {
        var areAllPlain = true;
        var hasTime = false;
        for (var row = 0; row < rows; row++)
        {
            ref readonly var cell = ref cells[(row * stride) + first];
            areAllPlain &= !cell.IsDefaulted && !cell.Value.IsNull;
            hasTime |= cell.EventTime is not null;
        }

        if (!areAllPlain)
        {
            WriteRows(writer, FeatureColumn.DefaultedRowsFieldNumber, cells, first, stride, rows, static cell => cell.IsDefaulted);
        }

        // A list of times is left out when no row has one.
        if (hasTime)
        {
            var times = writer.Length;
            for (var row = rows - 1; row >= 0; row--)
            {
                writer.WriteZigZag(cells[(row * stride) + first].EventTime ?? 0);
            }

            writer.EndField(FeatureColumn.EventTimesFieldNumber, times);
        }

        if (rows > 0)
        {
            var statuses = writer.Length;
            for (var row = rows - 1; row >= 0; row--)
            {
                writer.WriteVarint((ulong)cells[(row * stride) + first].Status);
            }

            writer.EndField(FeatureColumn.StatusesFieldNumber, statuses);
        }

        var column = writer.Length;
        if (!areAllPlain)
        {
            WriteRows(writer, Column.NullRowsFieldNumber, cells, first, stride, rows, static cell => cell.Value.IsNull);
        }

        var values = writer.Length;
        WriteValues(writer, service.Type, cells, first, stride, rows);
        writer.EndField(FieldOf(service.Type), values);
        writer.WriteStringField(Column.NameFieldNumber, service.Name);
        writer.EndField(FeatureColumn.ColumnFieldNumber, column);
    }

    private static void WriteRows(
        ReverseProtoWriter writer, int field, ReadOnlySpan<FeatureCell> cells, int first, int stride, int rows, Func<FeatureCell, bool> isMember)
    {
        var mark = writer.Length;
        for (var row = rows - 1; row >= 0; row--)
        {
            if (isMember(cells[(row * stride) + first]))
            {
                writer.WriteVarint((ulong)row);
            }
        }

        if (writer.Length > mark)
        {
            writer.EndField(field, mark);
        }
    }

    /// <summary>The content of BoolValues, Int64Values and so on: a null value is the type's zero.</summary>
    private static void WriteValues(ReverseProtoWriter writer, FeatureType type, ReadOnlySpan<FeatureCell> cells, int first, int stride, int rows)
    {
        var mark = writer.Length;
        for (var row = rows - 1; row >= 0; row--)
        {
            var value = cells[(row * stride) + first].Value;
            switch (type)
            {
                case FeatureType.Bool:
                    writer.WriteVarint(!value.IsNull && value.AsBool() ? 1UL : 0);
                    break;
                case FeatureType.Int64 or FeatureType.Timestamp:
                    writer.WriteZigZag(value.IsNull ? 0 : value.AsInt64());
                    break;
                case FeatureType.Float32:
                    writer.WriteFloat(value.IsNull ? 0 : value.AsFloat32());
                    break;
                case FeatureType.Float64:
                    writer.WriteDouble(value.IsNull ? 0 : value.AsFloat64());
                    break;
                case FeatureType.String:
                    writer.WriteStringElement(Values, value.IsNull ? "" : value.AsString());
                    break;
                case FeatureType.Bytes:
                    writer.WriteBytesElement(Values, value.IsNull ? [] : value.AsBytes().Span);
                    break;
                case FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList:
                    WriteList(writer, value);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(type), type, null);
            }
        }

        // Numbers are one packed list; texts, bytes and lists are a field each.
        if (rows > 0 && type is (FeatureType.Bool or FeatureType.Int64 or FeatureType.Timestamp or FeatureType.Float32 or FeatureType.Float64))
        {
            writer.EndField(Values, mark);
        }
    }

    /// <summary>One row of Int64Lists, Float64Lists or StringLists; a null is an empty list.</summary>
    private static void WriteList(ReverseProtoWriter writer, FeatureValue value)
    {
        var row = writer.Length;
        if (!value.IsNull)
        {
            switch (value.Type)
            {
                case FeatureType.Int64List:
                    var integers = value.AsInt64List();
                    for (var index = integers.Length - 1; index >= 0; index--)
                    {
                        writer.WriteZigZag(integers[index]);
                    }

                    break;
                case FeatureType.Float64List:
                    var numbers = value.AsFloat64List();
                    for (var index = numbers.Length - 1; index >= 0; index--)
                    {
                        writer.WriteDouble(numbers[index]);
                    }

                    break;
                default:
                    var texts = value.AsStringList();
                    for (var index = texts.Length - 1; index >= 0; index--)
                    {
                        writer.WriteStringElement(Values, texts[index]);
                    }

                    break;
            }

            if (value.Type != FeatureType.StringList && writer.Length > row)
            {
                writer.EndField(Values, row);
            }
        }

        writer.EndField(Values, row);
    }

    private static void WriteOutput(ReverseProtoWriter writer, int field, in PredictionOutput output, string name, int first, int stride, int rows)
    {
        var elements = OutputElements.Of(output.Tensor);
        var column = writer.Length;
        for (var row = rows - 1; row >= 0; row--)
        {
            var index = (row * stride) + first;
            switch (elements.Type)
            {
                case FeatureType.Bool:
                    writer.WriteVarint(elements.GetBool(index) ? 1UL : 0);
                    break;
                case FeatureType.Int64:
                    writer.WriteZigZag(elements.GetInt64(index));
                    break;
                case FeatureType.Float32:
                    writer.WriteFloat(elements.GetFloat32(index));
                    break;
                case FeatureType.Float64:
                    writer.WriteDouble(elements.GetFloat64(index));
                    break;
                default:
                    writer.WriteBytesElement(Values, elements.GetBytes(index));
                    break;
            }
        }

        if (rows > 0 && elements.Type != FeatureType.Bytes)
        {
            writer.EndField(Values, column);
        }

        writer.EndField(FieldOf(elements.Type), column);
        writer.WriteStringField(Column.NameFieldNumber, name);
        writer.EndField(field, column);
    }

    private static int FieldOf(FeatureType type) => type switch
    {
        FeatureType.Bool => Column.BoolsFieldNumber,
        FeatureType.Int64 => Column.Int64SFieldNumber,
        FeatureType.Float32 => Column.Float32SFieldNumber,
        FeatureType.Float64 => Column.Float64SFieldNumber,
        FeatureType.String => Column.StringsFieldNumber,
        FeatureType.Bytes => Column.BytesFieldNumber,
        FeatureType.Timestamp => Column.TimestampsFieldNumber,
        FeatureType.Int64List => Column.Int64ListsFieldNumber,
        FeatureType.Float64List => Column.Float64ListsFieldNumber,
        FeatureType.StringList => Column.StringListsFieldNumber,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}

using Google.Protobuf;
using Google.Protobuf.Collections;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.V1;
using FeatureStatus = ZeroWorld.ML.V1.FeatureStatus;

namespace ZeroWorld.ML.Hosting;

/// <summary>Feature cells and outputs as columns of <c>zeroworld.ml.v1</c>.</summary>
/// <remarks>On the path of every prediction: the messages are built directly, each list at its final size.</remarks>
internal static class ColumnWriter
{
    /// <param name="target">Receives one column per service column.</param>
    /// <param name="columns">Columns of the service.</param>
    /// <param name="cells">Row-major: [rows, columns].</param>
    /// <param name="rows">Number of rows.</param>
    public static void AddFeatures(RepeatedField<FeatureColumn> target, IReadOnlyList<ServiceColumn> columns, ReadOnlySpan<FeatureCell> cells, int rows)
    {
        target.Capacity = columns.Count;
        for (var index = 0; index < columns.Count; index++)
        {
            target.Add(Feature(columns[index], cells, index, columns.Count, rows));
        }
    }

    /// <summary>An output: one value per row, or a column per element, <c>NAME[0]</c>, <c>NAME[1]</c>..., when a row has several.</summary>
    public static void AddOutput(RepeatedField<Column> target, PredictionOutput output, int rows)
    {
        var perRow = output.ElementsPerRow;
        if (perRow == 1 || rows == 0)
        {
            target.Add(Output(output, output.Name, 0, 1, rows));
            return;
        }

        for (var element = 0; element < perRow; element++)
        {
            target.Add(Output(output, $"{output.Name}[{element}]", element, perRow, rows));
        }
    }

    private static FeatureColumn Feature(ServiceColumn service, ReadOnlySpan<FeatureCell> cells, int first, int stride, int rows)
    {
        var column = new Column { Name = service.Name };
        var feature = new FeatureColumn { Column = column };
        feature.Statuses.Capacity = rows;
        var hasTime = false;
        for (var row = 0; row < rows; row++)
        {
            ref readonly var cell = ref cells[(row * stride) + first];
            feature.Statuses.Add((FeatureStatus)cell.Status);
            hasTime |= cell.EventTime is not null;
            if (cell.Value.IsNull)
            {
                column.NullRows.Add((uint)row);
            }

            if (cell.IsDefaulted)
            {
                feature.DefaultedRows.Add((uint)row);
            }
        }

        // A list of times is left out when no row has one.
        if (hasTime)
        {
            feature.EventTimes.Capacity = rows;
            for (var row = 0; row < rows; row++)
            {
                feature.EventTimes.Add(cells[(row * stride) + first].EventTime ?? 0);
            }
        }

        AddValues(column, service.Type, cells, first, stride, rows);
        return feature;
    }

    private static void AddValues(Column column, FeatureType type, ReadOnlySpan<FeatureCell> cells, int first, int stride, int rows)
    {
        switch (type)
        {
            case FeatureType.Bool:
                column.Bools = new BoolValues();
                Fill(column.Bools.Values, cells, first, stride, rows, static value => !value.IsNull && value.AsBool());
                break;
            case FeatureType.Int64:
                column.Int64S = new Int64Values();
                Fill(column.Int64S.Values, cells, first, stride, rows, static value => value.IsNull ? 0 : value.AsInt64());
                break;
            case FeatureType.Float32:
                column.Float32S = new Float32Values();
                Fill(column.Float32S.Values, cells, first, stride, rows, static value => value.IsNull ? 0 : value.AsFloat32());
                break;
            case FeatureType.Float64:
                column.Float64S = new Float64Values();
                Fill(column.Float64S.Values, cells, first, stride, rows, static value => value.IsNull ? 0 : value.AsFloat64());
                break;
            case FeatureType.String:
                column.Strings = new StringValues();
                Fill(column.Strings.Values, cells, first, stride, rows, static value => value.IsNull ? "" : value.AsString());
                break;
            case FeatureType.Bytes:
                column.Bytes = new BytesValues();
                Fill(column.Bytes.Values, cells, first, stride, rows, static value => value.IsNull ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(value.AsBytes()));
                break;
            case FeatureType.Timestamp:
                column.Timestamps = new TimestampValues();
                Fill(column.Timestamps.Microseconds, cells, first, stride, rows, static value => value.IsNull ? 0 : value.AsInt64());
                break;
            case FeatureType.Int64List:
                column.Int64Lists = new Int64Lists();
                Fill(column.Int64Lists.Rows, cells, first, stride, rows, static value => new Int64Values { Values = { value.IsNull ? [] : value.AsInt64List().ToArray() } });
                break;
            case FeatureType.Float64List:
                column.Float64Lists = new Float64Lists();
                Fill(column.Float64Lists.Rows, cells, first, stride, rows, static value => new Float64Values { Values = { value.IsNull ? [] : value.AsFloat64List().ToArray() } });
                break;
            case FeatureType.StringList:
                column.StringLists = new StringLists();
                Fill(column.StringLists.Rows, cells, first, stride, rows, static value => new StringValues { Values = { value.IsNull ? [] : value.AsStringList().ToArray() } });
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, null);
        }
    }

    private static void Fill<T>(RepeatedField<T> target, ReadOnlySpan<FeatureCell> cells, int first, int stride, int rows, Func<FeatureValue, T> convert)
    {
        target.Capacity = rows;
        for (var row = 0; row < rows; row++)
        {
            target.Add(convert(cells[(row * stride) + first].Value));
        }
    }

    private static Column Output(PredictionOutput output, string name, int first, int stride, int rows)
    {
        var column = new Column { Name = name };
        var elements = OutputElements.Of(output.Tensor);
        switch (elements.Type)
        {
            case FeatureType.Bool:
                column.Bools = new BoolValues();
                Take(column.Bools.Values, first, stride, rows, elements.GetBool);
                break;
            case FeatureType.Int64:
                column.Int64S = new Int64Values();
                Take(column.Int64S.Values, first, stride, rows, elements.GetInt64);
                break;
            case FeatureType.Float32 when output.Tensor.Dtype == TensorDtype.Float32:
                // Scores are nearly always these: read without a delegate.
                column.Float32S = new Float32Values();
                column.Float32S.Values.Capacity = rows;
                var floats = output.Tensor.AsSpan<float>();
                for (var row = 0; row < rows; row++)
                {
                    column.Float32S.Values.Add(floats[(row * stride) + first]);
                }

                break;
            case FeatureType.Float32:
                column.Float32S = new Float32Values();
                Take(column.Float32S.Values, first, stride, rows, elements.GetFloat32);
                break;
            case FeatureType.Float64:
                column.Float64S = new Float64Values();
                Take(column.Float64S.Values, first, stride, rows, elements.GetFloat64);
                break;
            default:
                column.Bytes = new BytesValues();
                Take(column.Bytes.Values, first, stride, rows, index => ByteString.CopyFrom(elements.GetBytes(index)));
                break;
        }

        return column;
    }

    private static void Take<T>(RepeatedField<T> target, int first, int stride, int rows, Func<int, T> get)
    {
        target.Capacity = rows;
        for (var row = 0; row < rows; row++)
        {
            target.Add(get((row * stride) + first));
        }
    }
}

using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training;

/// <summary>A frame's column read as numbers, whatever its element type.</summary>
internal readonly struct NumericColumn
{
    private readonly string _name;
    private readonly Array _values;

    private NumericColumn(string name, Array values)
    {
        _name = name;
        _values = values;
    }

    internal static NumericColumn Of(ColumnFrame frame, string name)
    {
        var values = frame.GetColumn(name);
        return values is double[] or long[] or float[] or int[] or bool[]
            ? new NumericColumn(name, values)
            : throw new FeatureException(FeatureError.InvalidInput, $"Column '{name}' holds {values.GetType().GetElementType()!.Name}; expected numbers.");
    }

    /// <summary>Writes the column into a row-major matrix, in the given order of rows.</summary>
    internal void CopyTo(float[] matrix, int column, int stride, int[] order, long[] ids)
    {
        for (var row = 0; row < order.Length; row++)
        {
            var value = (float)At(order[row]);
            if (!float.IsFinite(value))
            {
                throw new TrainingException(
                    TrainingError.UnsuitableData,
                    $"Feature '{_name}' of row id {ids[order[row]]} is {At(order[row])}; expected a finite float32 (give the feature a default).");
            }

            matrix[(row * stride) + column] = value;
        }
    }

    internal bool[] ToLabels(int[] order, long[] ids)
    {
        var labels = new bool[order.Length];
        for (var row = 0; row < order.Length; row++)
        {
            var value = At(order[row]);
            labels[row] = value switch
            {
                0 => false,
                1 => true,
                _ => throw new TrainingException(TrainingError.UnsuitableData, $"Label '{_name}' of row id {ids[order[row]]} is {value}; expected 0 or 1."),
            };
        }

        return labels;
    }

    private double At(int row) => _values switch
    {
        double[] values => values[row],
        long[] values => values[row],
        float[] values => values[row],
        int[] values => values[row],
        bool[] values => values[row] ? 1 : 0,
        _ => throw new InvalidOperationException("The constructor lets only numbers through."),
    };
}

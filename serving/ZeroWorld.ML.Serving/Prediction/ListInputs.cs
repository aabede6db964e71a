using System.Numerics;
using System.Runtime.InteropServices;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Inputs of a model that are lists, vectors or whole numbers: which rows they can be made of, and their elements. Pure.</summary>
/// <remarks>What a column's type says was checked when the model was loaded (<see cref="PackageFit"/>); here are the values.</remarks>
internal static class ListInputs
{
    /// <summary>Bytes of the largest tensor that lists of a request may make: rows times the longest one.</summary>
    internal const long TensorBytesMax = 1L << 28;

    /// <returns>Why the row cannot be an input of the model, or <see langword="null"/>.</returns>
    public static RowError? FindFault(PredictionPlan plan, int row, ReadOnlySpan<FeatureCell> cells)
    {
        foreach (var input in plan.Inputs)
        {
            foreach (var column in input.IsPlain ? [] : input.Columns)
            {
                if (FindFault(plan, input, column, cells) is { } fault)
                {
                    var name = plan.Service.Service.Columns[column].Name;
                    return new RowError(row, fault.Error, $"The feature '{name}' {fault.Problem}.");
                }
            }
        }

        return null;
    }

    /// <summary>Elements that the longest list of some rows has, at least one: no axis of a tensor is empty.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: the tensor would be too large.</exception>
    public static int WidthOf(FeatureInput input, FeatureCell[] cells, int columns, ReadOnlySpan<int> rows)
    {
        var width = 1;
        foreach (var row in rows)
        {
            width = Math.Max(width, CountOf(cells[(row * columns) + input.Columns[0]].Value));
        }

        return (long)width * Math.Max(rows.Length, 1) * input.Dtype.Width() <= TensorBytesMax
            ? width
            : throw new ServingException(
                ServingError.InvalidInput,
                $"The longest list of the request has {width} elements, and {rows.Length} rows as wide as it would take more than {TensorBytesMax >> 20} MiB; expected shorter lists, or fewer rows.");
    }

    public static byte[] Write(FeatureInput input, FeatureCell[] cells, int columns, ReadOnlySpan<int> rows, int width) => input.Dtype switch
    {
        TensorDtype.Float32 => Write<float>(input, cells, columns, rows, width),
        TensorDtype.Float64 => Write<double>(input, cells, columns, rows, width),
        TensorDtype.Int64 => Write<long>(input, cells, columns, rows, width),
        TensorDtype.Int32 => Write<int>(input, cells, columns, rows, width),

        // A mask.
        _ => Write<byte>(input, cells, columns, rows, width),
    };

    private static (ServingError Error, string Problem)? FindFault(PredictionPlan plan, FeatureInput input, int column, ReadOnlySpan<FeatureCell> cells)
    {
        var value = cells[column].Value;
        var isWhole = input.Dtype is TensorDtype.Int64 or TensorDtype.Int32;
        if (value.IsNull && isWhole && input.Layout is InputLayouts.Scalars or InputLayouts.Vector)
        {
            return (ServingError.RequiredFeatureMissing, $"has no value ({cells[column].Status.ToText()}), and its input takes whole numbers, which have no NaN");
        }

        if (input.Layout == InputLayouts.Vector && !value.IsNull && CountOf(value) != input.Width)
        {
            return (ServingError.InvalidInput, $"has {CountOf(value)} elements; expected {input.Width}, as the model's input takes");
        }

        if (input.PairedColumn >= 0 && CountOf(value) != CountOf(cells[input.PairedColumn].Value))
        {
            var paired = plan.Service.Service.Columns[input.PairedColumn].Name;
            return (ServingError.InvalidInput, $"has {CountOf(value)} elements; expected {CountOf(cells[input.PairedColumn].Value)}, as many as '{paired}' has");
        }

        if (input.Dtype == TensorDtype.Int32 && !value.IsNull && FindBeyond32(input, value) is { } beyond)
        {
            return (ServingError.InvalidInput, $"holds {beyond}; expected whole numbers of 32 bits, as the model's input takes");
        }

        return null;
    }

    private static long? FindBeyond32(FeatureInput input, in FeatureValue value)
    {
        if (input.Layout == InputLayouts.Scalars)
        {
            return value.Type != FeatureType.Bool && (int)value.AsInt64() != value.AsInt64() ? value.AsInt64() : null;
        }

        foreach (var element in input.Layout is InputLayouts.Vector or InputLayouts.List ? value.AsInt64List() : [])
        {
            if ((int)element != element)
            {
                return element;
            }
        }

        return null;
    }

    private static byte[] Write<T>(FeatureInput input, FeatureCell[] cells, int columns, ReadOnlySpan<int> rows, int width)
        where T : unmanaged, INumberBase<T>
    {
        var data = new byte[checked(rows.Length * width * input.Dtype.Width())];
        var target = MemoryMarshal.Cast<byte, T>(data.AsSpan());
        for (var index = 0; index < rows.Length; index++)
        {
            WriteRow(input, cells.AsSpan(rows[index] * columns, columns), target.Slice(index * width, width));
        }

        return data;
    }

    private static void WriteRow<T>(FeatureInput input, ReadOnlySpan<FeatureCell> cells, Span<T> target)
        where T : unmanaged, INumberBase<T>
    {
        var value = cells[input.Columns[0]].Value;
        var count = Math.Min(CountOf(value), target.Length);
        switch (input.Layout)
        {
            case InputLayouts.Scalars:
                for (var index = 0; index < target.Length; index++)
                {
                    // By its bits: an id keeps all 64 of them.
                    var number = cells[input.Columns[index]].Value;
                    target[index] = number.Type == FeatureType.Bool ? (number.AsBool() ? T.One : T.Zero) : T.CreateTruncating(number.AsInt64());
                }

                break;
            case InputLayouts.Mask:
                target[..count].Fill(T.One);
                break;
            case InputLayouts.Length:
                target[0] = T.CreateTruncating(Math.Min(CountOf(value), input.LengthMax));
                break;
            default:
                CopyElements(value, target[..count]);
                target[count..].Fill(T.CreateTruncating(input.Layout == InputLayouts.Vector ? double.NaN : input.Fill));
                break;
        }
    }

    private static void CopyElements<T>(in FeatureValue value, Span<T> target)
        where T : unmanaged, INumberBase<T>
    {
        if (target.IsEmpty)
        {
            return;
        }

        if (value.Type == FeatureType.Int64List)
        {
            var integers = value.AsInt64List();
            for (var index = 0; index < target.Length; index++)
            {
                target[index] = T.CreateTruncating(integers[index]);
            }

            return;
        }

        var numbers = value.AsFloat64List();
        for (var index = 0; index < target.Length; index++)
        {
            target[index] = T.CreateTruncating(numbers[index]);
        }
    }

    // A missing list is an empty one.
    private static int CountOf(in FeatureValue value) => value.IsNull
        ? 0
        : value.Type switch
        {
            FeatureType.Int64List => value.AsInt64List().Length,
            FeatureType.Float64List => value.AsFloat64List().Length,
            FeatureType.StringList => value.AsStringList().Length,
            _ => 1,
        };
}

using System.Runtime.InteropServices;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>The rows of one request that the model runs: those that lack no required feature, written once into its input tensors.</summary>
internal sealed class ModelRows
{
    private ModelRows(int[] rows, int[] widths, byte[][] data, IReadOnlyList<RowError> errors)
    {
        Rows = rows;
        Widths = widths;
        Data = data;
        Errors = errors;
    }

    /// <summary>Indexes of the rows, ascending.</summary>
    public int[] Rows { get; }

    /// <summary>Per input of the manifest the elements of a row.</summary>
    public int[] Widths { get; }

    /// <summary>Per input of the manifest: [rows, width], little-endian.</summary>
    public byte[][] Data { get; }

    /// <summary>The other rows, ascending.</summary>
    public IReadOnlyList<RowError> Errors { get; }

    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: lists so long that their tensor would be too large.</exception>
    public static ModelRows Of(PredictionPlan plan, FeatureCell[] cells, int rows)
    {
        var columns = plan.Service.Service.Columns.Count;
        List<RowError>? errors = null;
        var (scored, count) = (new int[rows], 0);
        for (var row = 0; row < rows; row++)
        {
            var missing = plan.Service.FindMissingRequired(cells.AsSpan(row * columns, columns));
            if (missing >= 0)
            {
                (errors ??= []).Add(new RowError(row, ServingError.RequiredFeatureMissing, Describe(plan, cells[(row * columns) + missing], missing)));
            }
            else if (!plan.IsPlain && ListInputs.FindFault(plan, row, cells.AsSpan(row * columns, columns)) is { } fault)
            {
                (errors ??= []).Add(fault);
            }
            else
            {
                scored[count++] = row;
            }
        }

        Array.Resize(ref scored, count);

        var tokens = TokenRows.Of(plan, cells, columns, scored);
        var (widths, data) = (new int[plan.Inputs.Length], new byte[plan.Inputs.Length][]);
        for (var index = 0; index < data.Length; index++)
        {
            var input = plan.Inputs[index];
            widths[index] = !input.IsVariable ? input.Width : input.IsTokens ? tokens!.Width : ListInputs.WidthOf(input, cells, columns, scored);
            data[index] = Write(input, cells, columns, scored, widths[index], tokens);
        }

        return new ModelRows(scored, widths, data, errors ?? (IReadOnlyList<RowError>)[]);
    }

    /// <summary>The tensors in the order of the model file.</summary>
    public TensorBuffer[] ToTensors(PredictionPlan plan)
    {
        var tensors = new TensorBuffer[plan.Inputs.Length];
        for (var index = 0; index < tensors.Length; index++)
        {
            var input = plan.Inputs[index];
            tensors[input.Position] = TensorBuffer.Of(input.Dtype, input.ShapeOf(Rows.Length, Widths[index]), Data[index]);
        }

        return tensors;
    }

    /// <summary>What one value is to the model: bool is 0 or 1, a missing value NaN.</summary>
    /// <param name="width">Elements of a row.</param>
    /// <param name="tokens">Of these rows, where an input takes tokens.</param>
    internal static byte[] Write(FeatureInput input, FeatureCell[] cells, int columns, ReadOnlySpan<int> rows, int width, TokenRows? tokens)
    {
        if (input.IsTokens)
        {
            return tokens!.Write(input, width);
        }

        if (!input.IsPlain)
        {
            return ListInputs.Write(input, cells, columns, rows, width);
        }

        var data = new byte[rows.Length * input.RowBytes];
        var position = 0;
        if (input.Dtype == TensorDtype.Float32)
        {
            var target = MemoryMarshal.Cast<byte, float>(data.AsSpan());
            foreach (var row in rows)
            {
                foreach (var column in input.Columns)
                {
                    target[position++] = (float)cells[(row * columns) + column].Value.ToDouble();
                }
            }
        }
        else
        {
            var target = MemoryMarshal.Cast<byte, double>(data.AsSpan());
            foreach (var row in rows)
            {
                foreach (var column in input.Columns)
                {
                    target[position++] = cells[(row * columns) + column].Value.ToDouble();
                }
            }
        }

        return data;
    }

    private static string Describe(PredictionPlan plan, FeatureCell cell, int column)
    {
        var service = plan.Service.Service.Columns[column];
        return $"The feature '{service.Name}' of view '{service.View!.Name}' is required and has no value: {cell.Status.ToText()}.";
    }
}

using System.Runtime.InteropServices;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>The rows of one request that the model runs: those that lack no required feature, written once into its input tensors.</summary>
internal sealed class ModelRows
{
    private ModelRows(int[] rows, InputRows[] inputs, IReadOnlyList<RowError> errors)
    {
        Rows = rows;
        Inputs = inputs;
        Errors = errors;
    }

    /// <summary>Indexes of the rows, ascending.</summary>
    public int[] Rows { get; }

    /// <summary>In the order of the manifest.</summary>
    public InputRows[] Inputs { get; }

    /// <summary>The other rows, ascending.</summary>
    public IReadOnlyList<RowError> Errors { get; }

    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: lists or texts so long that their tensor would be too large.</exception>
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
        var inputs = new InputRows[plan.Inputs.Length];
        for (var index = 0; index < inputs.Length; index++)
        {
            var input = plan.Inputs[index];
            var width = !input.IsVariable ? input.Width : input.IsTokens ? tokens!.Width : ListInputs.WidthOf(input, cells, columns, scored);
            inputs[index] = Write(input, cells, columns, scored, width, tokens);
        }

        return new ModelRows(scored, inputs, errors ?? (IReadOnlyList<RowError>)[]);
    }

    /// <summary>The tensors in the order of the model file.</summary>
    public TensorBuffer[] ToTensors(PredictionPlan plan)
    {
        var tensors = new TensorBuffer[plan.Inputs.Length];
        for (var index = 0; index < tensors.Length; index++)
        {
            var input = plan.Inputs[index];
            tensors[input.Position] = input.ToTensor(Rows.Length, Inputs[index].Width, Inputs[index].Data);
        }

        return tensors;
    }

    /// <summary>What one value is to the model: bool is 0 or 1, a missing value NaN.</summary>
    /// <param name="width">Elements of a row.</param>
    /// <param name="tokens">Of these rows, where an input takes tokens.</param>
    internal static InputRows Write(FeatureInput input, FeatureCell[] cells, int columns, ReadOnlySpan<int> rows, int width, TokenRows? tokens) =>
        input.IsTexts ? TextInputs.Write(input, cells, columns, rows)
        : new InputRows(
            input.IsTokens ? tokens!.Write(input, width) : input.IsPlain ? WriteNumbers(input, cells, columns, rows) : ListInputs.Write(input, cells, columns, rows, width), width);

    private static byte[] WriteNumbers(FeatureInput input, FeatureCell[] cells, int columns, ReadOnlySpan<int> rows)
    {
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

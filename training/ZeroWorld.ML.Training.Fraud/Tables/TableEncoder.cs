using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Makes features of raw columns: medians for missing numbers with a mark beside them, numbers for categories. Fitted on training rows only.</summary>
/// <remarks>The same function is a part of the exported graph. Immutable and thread safe.</remarks>
internal sealed class TableEncoder
{
    /// <summary>Input of the graph: FP32 [rows, numeric columns], NaN for a missing value.</summary>
    internal const string NumericInput = TreeEnsembleGraph.Input;

    /// <summary>Input of the graph: BYTES [rows, categorical columns], an empty text for a missing value.</summary>
    internal const string CategoricalInput = "categories";

    private readonly float[] _medians;
    private readonly int[] _marked;
    private readonly CategoryEncoding[] _categories;

    private TableEncoder(IReadOnlyList<string> numeric, float[] medians, int[] marked, CategoryEncoding[] categories)
    {
        (Numeric, _medians, _marked, _categories) = (numeric, medians, marked, categories);
        Names = [.. numeric, .. marked.Select(column => $"{numeric[column]} is missing"), .. categories.SelectMany(static category => category.Columns)];
        Sources = [.. numeric, .. marked.Select(column => numeric[column]), .. categories.SelectMany(static category => category.Columns.Select(_ => category.Name))];
    }

    internal IReadOnlyList<string> Numeric { get; }

    internal IReadOnlyList<string> Categorical => [.. _categories.Select(static category => category.Name)];

    /// <summary>Names of the encoded features.</summary>
    internal IReadOnlyList<string> Names { get; }

    /// <summary>The raw column of each encoded feature.</summary>
    internal IReadOnlyList<string> Sources { get; }

    internal static TableEncoder Fit(TableSource source, ReadOnlySpan<int> rows)
    {
        var (medians, marked) = (new float[source.Numeric.Count], new List<int>());
        var known = new float[rows.Length];
        for (var column = 0; column < medians.Length; column++)
        {
            var count = 0;
            foreach (var row in rows)
            {
                if (source.Numbers[column][row] is var value && !float.IsNaN(value))
                {
                    known[count++] = value;
                }
            }

            known.AsSpan(0, count).Sort();
            medians[column] = count == 0 ? 0 : known[(count - 1) / 2];
            if (count < rows.Length)
            {
                marked.Add(column);
            }
        }

        var categories = new CategoryEncoding[source.Categorical.Count];
        for (var column = 0; column < categories.Length; column++)
        {
            categories[column] = CategoryEncoding.Fit(source.Categorical[column], source.Categories[column], source.Labels, rows);
        }

        return new TableEncoder(source.Numeric, medians, [.. marked], categories);
    }

    /// <summary>All rows as a served model would see them, but for the fitted rows, in which no share holds a row's own label.</summary>
    internal TrainingTable Encode(TableSource source, ReadOnlySpan<int> fitted)
    {
        var width = Names.Count;
        var features = new float[checked(source.Rows * width)];
        for (var row = 0; row < source.Rows; row++)
        {
            EncodeRow(source, row, features.AsSpan(row * width, width));
        }

        var ordered = new float[fitted.Length];
        var place = Numeric.Count + _marked.Length;
        for (var column = 0; column < _categories.Length; column++)
        {
            if (_categories[column].TryEncodeOrdered(source.Categories[column], source.Labels, fitted, ordered))
            {
                for (var index = 0; index < fitted.Length; index++)
                {
                    features[(fitted[index] * width) + place] = ordered[index];
                }
            }

            place += _categories[column].Columns.Count;
        }

        return TrainingTable.FromRows(Names, features, source.Labels, source.Times, source.Entities, source.Ids);
    }

    /// <summary>Declares the inputs and adds the nodes of the encoding: FP32 [rows, <see cref="Names"/>].</summary>
    internal void AddTo(OnnxGraphBuilder graph, string output)
    {
        var parts = new List<string>();
        if (Numeric.Count > 0)
        {
            graph.AddInput(new TensorSpec(NumericInput, TensorDtype.Float32, [-1, Numeric.Count]))
                .AddInitializer("medians", _medians, 1, _medians.Length)
                .AddNode("IsNaN", [NumericInput], ["missing"])
                .AddNode("Where", ["missing", "medians", NumericInput], ["numbers"]);
            parts.Add("numbers");
        }

        if (_marked.Length > 0)
        {
            graph.AddInitializer("marked", [.. _marked.Select(static column => (long)column)], _marked.Length)
                .AddNode("Cast", ["missing"], ["missing_ones"], [OnnxAttribute.Of("to", 1L)])
                .AddNode("Gather", ["missing_ones", "marked"], ["marks"], [OnnxAttribute.Of("axis", 1L)]);
            parts.Add("marks");
        }

        if (_categories.Length > 0)
        {
            graph.AddInput(new TensorSpec(CategoricalInput, TensorDtype.Bytes, [-1, _categories.Length]));
            for (var column = 0; column < _categories.Length; column++)
            {
                parts.Add($"category_{column}_columns");
                _categories[column].AddTo(graph, CategoricalInput, column, parts[^1]);
            }
        }

        graph.AddNode("Concat", parts, [output], [OnnxAttribute.Of("axis", 1L)]);
    }

    /// <summary>Raw rows as the tensors of the graph.</summary>
    internal static Dictionary<string, GoldenTensor> ToInputs(TableSource source, IReadOnlyList<string> numeric, IReadOnlyList<string> categorical, ReadOnlySpan<int> rows)
    {
        var inputs = new Dictionary<string, GoldenTensor>();
        if (numeric.Count > 0)
        {
            float[][] columns = [.. numeric.Select(name => source.Numbers[IndexOf(source.Numeric, name)])];
            var data = new List<double>(rows.Length * columns.Length);
            foreach (var row in rows)
            {
                data.AddRange(columns.Select(column => (double)column[row]));
            }

            inputs.Add(NumericInput, new GoldenTensor([rows.Length, columns.Length], data));
        }

        if (categorical.Count > 0)
        {
            string[][] columns = [.. categorical.Select(name => source.Categories[IndexOf(source.Categorical, name)])];
            var texts = new List<string>(rows.Length * columns.Length);
            foreach (var row in rows)
            {
                texts.AddRange(columns.Select(column => column[row]));
            }

            inputs.Add(CategoricalInput, new GoldenTensor([rows.Length, columns.Length], [], texts));
        }

        return inputs;
    }

    private void EncodeRow(TableSource source, int row, Span<float> target)
    {
        for (var column = 0; column < _medians.Length; column++)
        {
            var value = source.Numbers[column][row];
            target[column] = float.IsNaN(value) ? _medians[column] : value;
        }

        var place = _medians.Length;
        foreach (var column in _marked)
        {
            target[place++] = float.IsNaN(source.Numbers[column][row]) ? 1 : 0;
        }

        for (var column = 0; column < _categories.Length; column++)
        {
            var width = _categories[column].Columns.Count;
            _categories[column].Encode(source.Categories[column][row], target.Slice(place, width));
            place += width;
        }
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (var index = 0; index < names.Count; index++)
        {
            if (names[index] == name)
            {
                return index;
            }
        }

        throw new TrainingException(TrainingError.InvalidInput, $"The model reads the column '{name}', which the table does not have as a feature of its kind.");
    }
}

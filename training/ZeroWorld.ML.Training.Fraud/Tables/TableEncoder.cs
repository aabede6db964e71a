using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Makes features of raw columns: medians for missing numbers with a mark beside them (one for all columns that are missing in the same rows), numbers for categories. Fitted on training rows only.</summary>
/// <remarks>The same function is a part of the exported graph. Immutable and thread safe.</remarks>
internal sealed class TableEncoder
{
    private readonly CategoryEncoding[] _categories;

    private TableEncoder(TableFeatures features, float[] medians, int[] marked, CategoryEncoding[] categories)
    {
        var numeric = features.Numeric;
        (Clock, Numeric, _categories) = (features.Clock, numeric, categories);
        Encoding = new FeatureEncoding(Clock?.Features, medians, marked, [.. categories.Select(static category => category.Features)]);
        Names = [.. numeric, .. marked.Select(column => $"{numeric[column]} is missing"), .. categories.SelectMany(static category => category.Columns)];
        Sources = [.. numeric, .. marked.Select(column => numeric[column]), .. categories.SelectMany(static category => category.Columns.Select(_ => category.Name))];
    }

    /// <summary>What makes the features of a row, in training and for reasons.</summary>
    internal FeatureEncoding Encoding { get; }

    /// <summary>All numbers, those that <see cref="Clock"/> makes last.</summary>
    internal IReadOnlyList<string> Numeric { get; }

    /// <summary>The numbers that are columns of the file: <see cref="FeatureEncoding.NumbersInput"/>.</summary>
    internal IReadOnlyList<string> RawNumeric => [.. Numeric.Take(Numeric.Count - (Clock?.Features.Count ?? 0))];

    internal TableClock? Clock { get; }

    internal IReadOnlyList<string> Categorical => [.. _categories.Select(static category => category.Name)];

    /// <summary>Names of the encoded features.</summary>
    internal IReadOnlyList<string> Names { get; }

    /// <summary>The raw column of each encoded feature.</summary>
    internal IReadOnlyList<string> Sources { get; }

    internal static TableEncoder Fit(TableSource source, ReadOnlySpan<int> rows)
    {
        var medians = new float[source.Numeric.Count];
        var marks = new MissingMarks(source, rows.ToArray());
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
            marks.Add(column, rows.Length - count);
        }

        var categories = new CategoryEncoding[source.Categorical.Count];
        for (var column = 0; column < categories.Length; column++)
        {
            categories[column] = CategoryEncoding.Fit(source.Categorical[column], source.Categories[column], source.Labels, rows);
        }

        return new TableEncoder(source.Features, medians, [.. marks.Columns], categories);
    }

    /// <summary>All rows as a served model would see them, but for the fitted rows, in which no share holds a row's own label.</summary>
    internal TrainingTable Encode(TableSource source, ReadOnlySpan<int> fitted)
    {
        var width = Names.Count;
        var features = new float[checked(source.Rows * width)];
        var (numbers, texts) = (new float[Numeric.Count], new string[_categories.Length]);
        for (var row = 0; row < source.Rows; row++)
        {
            EncodeRow(source, row, numbers, texts, features.AsSpan(row * width, width));
        }

        var ordered = new float[fitted.Length];
        var place = Numeric.Count + Encoding.Marked.Count;
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
            var raw = AddNumbers(graph);
            graph.AddInitializer("medians", [.. Encoding.Medians], 1, Numeric.Count)
                .AddNode("IsNaN", [raw], ["missing"])
                .AddNode("Where", ["missing", "medians", raw], ["numbers"]);
            parts.Add("numbers");
        }

        if (Encoding.Marked.Count > 0)
        {
            graph.AddInitializer("marked", [.. Encoding.Marked.Select(static column => (long)column)], Encoding.Marked.Count)
                .AddNode("Cast", ["missing"], ["missing_ones"], [OnnxAttribute.Of("to", 1L)])
                .AddNode("Gather", ["missing_ones", "marked"], ["marks"], [OnnxAttribute.Of("axis", 1L)]);
            parts.Add("marks");
        }

        if (_categories.Length > 0)
        {
            graph.AddInput(new TensorSpec(FeatureEncoding.TextsInput, TensorDtype.Bytes, [-1, _categories.Length]));
            for (var column = 0; column < _categories.Length; column++)
            {
                parts.Add($"category_{column}_columns");
                _categories[column].AddTo(graph, FeatureEncoding.TextsInput, column, parts[^1]);
            }
        }

        graph.AddNode("Concat", parts, [output], [OnnxAttribute.Of("axis", 1L)]);
    }

    private string AddNumbers(OnnxGraphBuilder graph)
    {
        var count = RawNumeric.Count;
        if (count > 0)
        {
            graph.AddInput(new TensorSpec(FeatureEncoding.NumbersInput, TensorDtype.Float32, [-1, count]));
        }

        if (Clock is null)
        {
            return FeatureEncoding.NumbersInput;
        }

        graph.AddNode("Concat", [.. count > 0 ? (string[])[FeatureEncoding.NumbersInput] : [], .. Clock.AddTo(graph)], ["known"], [OnnxAttribute.Of("axis", 1L)]);
        return "known";
    }

    // Ages and hours are numbers of the table already.
    private void EncodeRow(TableSource source, int row, Span<float> numbers, Span<string> texts, Span<float> target)
    {
        for (var column = 0; column < numbers.Length; column++)
        {
            numbers[column] = source.Numbers[column][row];
        }

        for (var column = 0; column < texts.Length; column++)
        {
            texts[column] = source.Categories[column][row];
        }

        Encoding.Encode(numbers, texts, target);
    }
}

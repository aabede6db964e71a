using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Measures test rows by the values of a column: categories as they are, numbers by quarters.</summary>
internal static class TableSegments
{
    private const int ValuesMax = 20;
    private const int Quarters = 4;

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a column that is no feature.</exception>
    internal static IReadOnlyList<SegmentQuality> Measure(TableSource source, int[] rows, float[] scores, IReadOnlyList<string> columns)
    {
        var segments = new List<SegmentQuality>();
        foreach (var column in columns)
        {
            var keys = KeysOf(source, rows, column);
            var groups = Enumerable.Range(0, rows.Length).GroupBy(index => keys[index]).OrderByDescending(static group => group.Count())
                .ThenBy(static group => group.Key, StringComparer.Ordinal).Take(ValuesMax);
            segments.AddRange(groups.Select(group => Of(source, rows, scores, column, group.Key, [.. group])));
        }

        return segments;
    }

    private static SegmentQuality Of(TableSource source, int[] rows, float[] scores, string column, string value, int[] members)
    {
        bool[] labels = Array.ConvertAll(members, index => source.Labels[rows[index]]);
        float[] part = Array.ConvertAll(members, index => scores[index]);
        return new SegmentQuality(
            column,
            value,
            members.Length,
            labels.Count(static label => label),
            BinaryMetrics.AreaUnderRoc(part, labels),
            BinaryMetrics.AveragePrecision(part, labels),
            part.Average(static score => (double)score));
    }

    private static string[] KeysOf(TableSource source, int[] rows, string column)
    {
        var category = source.Categorical.ToList().IndexOf(column);
        if (category >= 0)
        {
            return Array.ConvertAll(rows, row => source.Categories[category][row] is { Length: > 0 } text ? text : "(missing)");
        }

        var number = source.Numeric.ToList().IndexOf(column);
        if (number < 0)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"segment: '{column}' is no feature of the model.");
        }

        var values = source.Numbers[number];
        float[] sorted = [.. rows.Select(row => values[row]).Where(static value => !float.IsNaN(value)).Order()];
        return Array.ConvertAll(rows, row =>
        {
            if (float.IsNaN(values[row]))
            {
                return "(missing)";
            }

            // Equal values are in one quarter: that of the first of them.
            var rank = Array.BinarySearch(sorted, values[row]);
            while (rank > 0 && sorted[rank - 1] == values[row])
            {
                rank--;
            }

            var quarter = Math.Min(Quarters - 1, (int)((long)rank * Quarters / sorted.Length));
            return string.Create(CultureInfo.InvariantCulture, $"quarter {quarter + 1} of {Quarters}");
        });
    }
}

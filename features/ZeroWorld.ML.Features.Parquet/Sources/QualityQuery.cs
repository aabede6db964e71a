using System.Globalization;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Counts the values of a last-value view that lie outside of their declared bounds, as pieces of one aggregating statement.</summary>
internal sealed class QualityQuery
{
    private readonly FeatureView _view;
    private readonly List<(FeatureField Field, string Value)> _features = [];

    /// <param name="view">The view; a windowed one has no values of its own in its table, so nothing is counted.</param>
    /// <param name="valueOf">Per stored column an expression that gives its value, timestamps as microseconds; <see langword="null"/>: it is not there.</param>
    public QualityQuery(FeatureView view, Func<int, string?> valueOf)
    {
        _view = view;
        for (var index = 0; view is LastValueView && index < view.Fields.Count; index++)
        {
            if (view.Fields[index].Bounds is not null && valueOf(index) is { } value)
            {
                _features.Add((view.Fields[index], value));
            }
        }
    }

    /// <summary>Whether there is a value to count.</summary>
    public bool IsWanted => _features.Count > 0;

    /// <summary>Two expressions per feature with bounds.</summary>
    /// <param name="where">A condition on the rows that count.</param>
    public IEnumerable<string> Expressions(string where)
    {
        foreach (var (field, value) in _features)
        {
            yield return $"count({value}) FILTER ({where})";
            yield return $"count(*) FILTER (({where}) AND ({Outside(field, value)}))";
        }
    }

    /// <param name="ordinal">Of the first of <see cref="Expressions"/>.</param>
    public IReadOnlyList<FeatureQuality> Read(DuckDbRows rows, int ordinal) =>
        [.. _features.Select((feature, index) => new FeatureQuality(
            _view.Name, feature.Field.Name, feature.Field.Bounds!, rows.GetInt64(ordinal + (2 * index)), rows.GetInt64(ordinal + (2 * index) + 1)))];

    private static string Outside(FeatureField field, string value)
    {
        var number = $"CAST({value} AS DOUBLE)";
        var conditions = new List<string> { $"isnan({number})" };
        if (field.Bounds!.Minimum is { } least)
        {
            conditions.Add($"{number} < {Number(least)}");
        }

        if (field.Bounds.Maximum is { } most)
        {
            conditions.Add($"{number} > {Number(most)}");
        }

        return string.Join(" OR ", conditions);
    }

    // As text that the engine reads as exactly this number, infinities too.
    private static string Number(double value) => $"{Sql.Text(value.ToString("R", CultureInfo.InvariantCulture))}::DOUBLE";
}

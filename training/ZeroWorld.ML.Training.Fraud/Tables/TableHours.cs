using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Makes the hour of the rows' own times a feature: fraud has its time of day. Pure function.</summary>
internal static class TableHours
{
    /// <summary>The feature's name is this and the column's.</summary>
    internal const string Prefix = "hour of ";

    /// <param name="columns">Whose time has a unit that is resolved. A list of features has the hour where it names the time.</param>
    /// <param name="trainRows">Rows of the file that may decide: those of the training part only.</param>
    /// <returns>
    /// The table with a column of hours, UTC, 0 to below 24 with fractions. The same table where times have no hour (only an order, days, or the same hour in all training rows) or it has such a column.
    /// </returns>
    internal static (ColumnFrame Frame, IReadOnlyDictionary<string, FeatureType> Types, FraudTableColumns Columns) Of(
        ColumnFrame frame, IReadOnlyDictionary<string, FeatureType> types, FraudTableColumns columns, IReadOnlyList<int> trainRows)
    {
        var name = Prefix + columns.Time;
        if (columns.TimeUnit is TimeUnit.Index or TimeUnit.Years or TimeUnit.Dates or TimeUnit.Days
            || types.ContainsKey(name) || columns.Features?.Contains(columns.Time) == false || columns.Categorical.Contains(columns.Time))
        {
            return (frame, types, columns);
        }

        double[] hours = Array.ConvertAll(TableTimes.Read(frame, columns.Time, columns.TimeUnit), ClockFeatures.HourOf);
        if (trainRows.All(row => hours[row] == hours[trainRows[0]]))
        {
            return (frame, types, columns);
        }

        var (changed, changedTypes) = (new ColumnFrame(frame.Rows), new Dictionary<string, FeatureType>(types, StringComparer.Ordinal) { [name] = FeatureType.Float64 });
        foreach (var column in types.Keys)
        {
            changed.Add(column, frame.GetColumn(column));
        }

        changed.Add(name, hours);
        return (changed, changedTypes, columns with { Features = columns.Features?.Select(feature => feature == columns.Time ? name : feature).ToList() });
    }
}

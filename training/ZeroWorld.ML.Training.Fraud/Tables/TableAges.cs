using System.Globalization;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Makes ages of the times among the features: a date of birth or of a contract says something by how long before its row it lies, not by itself. Pure function.</summary>
/// <remarks>
/// An age is a number like any other from here on: in days with fractions, missing where the time is. Unless it was asked for by name, a time is left out that lies after its own
/// row in some training row: such as the day of a complaint, nobody may have known it then.
/// </remarks>
internal static class TableAges
{
    /// <summary>The feature's name is this and the column's.</summary>
    internal const string Prefix = "days since ";

    /// <param name="columns">Whose time has a unit that is resolved.</param>
    /// <param name="trainRows">Rows of the file that may decide: those of the training part only.</param>
    /// <returns>The table with an age in place of each time that becomes a feature, and without those that are left out; it is the same where there is none, and where the rows' times are only an order.</returns>
    internal static (ColumnFrame Frame, IReadOnlyDictionary<string, FeatureType> Types, FraudTableColumns Columns) Of(
        ColumnFrame frame, IReadOnlyDictionary<string, FeatureType> types, FraudTableColumns columns, IReadOnlyList<int> trainRows, List<string> notes)
    {
        if (columns.TimeUnit == TimeUnit.Index)
        {
            return (frame, types, columns);
        }

        var replaced = new Dictionary<string, double[]?>(StringComparer.Ordinal);
        var moments = TableTimes.Read(frame, columns.Time, columns.TimeUnit);
        foreach (var name in (columns.Features ?? [.. types.Keys]).Where(name => types.ContainsKey(name) && IsFeature(name, columns) && !types.ContainsKey(Prefix + name)))
        {
            if (ReadTimes(frame, types, name, notes) is not { } times)
            {
                continue;
            }

            if (columns.Features is null && FindProblem(times, moments, trainRows) is { } problem)
            {
                notes.Add($"feature '{name}' was left out: it {problem}");
                replaced[name] = null;
                continue;
            }

            replaced[name] = [.. times.Select((time, row) => time == long.MinValue ? double.NaN : ClockFeatures.DaysBetween(time, moments[row]))];
        }

        return replaced.Count == 0 ? (frame, types, columns) : Replace(frame, types, columns, replaced);
    }

    private static bool IsFeature(string name, FraudTableColumns columns) =>
        name != columns.Label && name != columns.Time && name != columns.Entity && !columns.Categorical.Contains(name);

    /// <returns>Microseconds, or <see langword="null"/> for a column that holds no times.</returns>
    internal static long[]? ReadTimes(ColumnFrame frame, IReadOnlyDictionary<string, FeatureType> types, string name, List<string> notes)
    {
        if (types[name] == FeatureType.Timestamp)
        {
            return frame.GetColumn(name) as long[];
        }

        if (frame.GetColumn(name) is not string?[] texts || TimeTexts.FindFormat(texts, isCertain: true) is not { } format)
        {
            return null;
        }

        notes.Add($"the feature '{name}' was read as times, {format}");
        return TimeTexts.Read(texts, format);
    }

    private static string? FindProblem(long[] times, long[] moments, IReadOnlyList<int> trainRows)
    {
        long[] known = [.. trainRows.Select(row => times[row]).Where(static time => time != long.MinValue)];
        var later = trainRows.Count(row => times[row] > moments[row]);
        return (known.Length, later) switch
        {
            (0, _) => string.Create(CultureInfo.InvariantCulture, $"has no value in the {trainRows.Count} training rows"),
            (_, > 0) => string.Create(
                CultureInfo.InvariantCulture, $"is a time after its own row in {later} of {trainRows.Count} training rows, and may not have been known then; name it as a feature if it was"),

            // Its age would be the time of the row in disguise.
            _ when known.Length == trainRows.Count && Array.TrueForAll(known, time => time == known[0]) => "has the same value in all training rows",
            _ => null,
        };
    }

    private static (ColumnFrame Frame, IReadOnlyDictionary<string, FeatureType> Types, FraudTableColumns Columns) Replace(
        ColumnFrame frame, IReadOnlyDictionary<string, FeatureType> types, FraudTableColumns columns, Dictionary<string, double[]?> replaced)
    {
        var (changed, changedTypes) = (new ColumnFrame(frame.Rows), new Dictionary<string, FeatureType>(StringComparer.Ordinal));
        foreach (var (name, type) in types)
        {
            if (!replaced.TryGetValue(name, out var ages))
            {
                changed.Add(name, frame.GetColumn(name));
                changedTypes.Add(name, type);
            }
            else if (ages is not null)
            {
                changed.Add(Prefix + name, ages);
                changedTypes.Add(Prefix + name, FeatureType.Float64);
            }
        }

        return (changed, changedTypes, columns with { Features = columns.Features?.Select(name => replaced.ContainsKey(name) ? Prefix + name : name).ToList() });
    }
}

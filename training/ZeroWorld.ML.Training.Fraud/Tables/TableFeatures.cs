using System.Globalization;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Which columns of a table are features, and of which kind.</summary>
/// <param name="Numeric">Numbers; those that <paramref name="Clock"/> stands for are the last ones.</param>
/// <param name="Categorical">Texts, and numbers that are taken as such.</param>
/// <param name="Clock">Features that are made of times, or <see langword="null"/>.</param>
internal sealed record TableFeatures(IReadOnlyList<string> Numeric, IReadOnlyList<string> Categorical, TableClock? Clock = null)
{
    private const int RowNumbersMin = 100;

    /// <summary>Chooses by the columns asked for, or takes all that hold something.</summary>
    /// <param name="types">Type of each column.</param>
    /// <param name="trainRows">Rows of the file that may decide: those of the training part only.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a column that is not there, or nothing is left. <see cref="TrainingError.UnsuitableData"/>: a chosen column without values.</exception>
    internal static TableFeatures Choose(
        ColumnFrame frame, IReadOnlyDictionary<string, FeatureType> types, FraudTableColumns columns, IReadOnlyList<int> trainRows, List<string> notes)
    {
        string[] roles = [columns.Label, columns.Time, columns.Entity];
        foreach (var name in roles.Concat(columns.Features ?? []).Concat(columns.Categorical))
        {
            if (!types.ContainsKey(name))
            {
                throw new TrainingException(TrainingError.InvalidInput, $"columns: there is no column '{name}'; the table has {string.Join(", ", types.Keys)}.");
            }
        }

        if (columns.Features?.FirstOrDefault(name => name == columns.Label) is { } label)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"features: '{label}' is the label; it cannot be a feature.");
        }

        var (numeric, categorical) = (new List<string>(), new List<string>());
        foreach (var name in columns.Features ?? [.. types.Keys.Where(name => !roles.Contains(name))])
        {
            var isCategory = types[name] == FeatureType.String || columns.Categorical.Contains(name);
            if (FindProblem(frame, name, isCategory, trainRows) is { } problem)
            {
                notes.Add(columns.Features is null
                    ? $"feature '{name}' was left out: it {problem}"
                    : throw new TrainingException(TrainingError.UnsuitableData, $"Feature '{name}' {problem}; leave it out of the features."));
            }
            else if (columns.Features is null && FindUseless(frame, name, isCategory, trainRows) is { } useless)
            {
                notes.Add($"feature '{name}' was left out: it {useless}");
            }
            else if (types[name] == FeatureType.Timestamp && !columns.Categorical.Contains(name))
            {
                notes.Add(columns.Features is null
                    ? $"feature '{name}' was left out: it {NoAge(name)}"
                    : throw new TrainingException(TrainingError.InvalidInput, $"features: '{name}' {NoAge(name)}; make a number of it."));
            }
            else
            {
                (isCategory ? categorical : numeric).Add(name);
            }
        }

        return numeric.Count + categorical.Count > 0
            ? new TableFeatures(numeric, categorical)
            : throw new TrainingException(TrainingError.InvalidInput, "features: no column is left to learn from.");
    }

    /// <summary>The same with the features that were made of times behind the others, and known as such.</summary>
    /// <param name="raw">Columns of the file.</param>
    /// <param name="time">Column of the rows' own time.</param>
    internal TableFeatures WithClock(IReadOnlyDictionary<string, FeatureType> raw, string time)
    {
        var hour = TableHours.Prefix + time;
        string[] made = [.. Numeric.Where(name => !raw.ContainsKey(name)).OrderBy(name => name == hour)];
        return made.Length == 0
            ? this
            : this with
            {
                Numeric = [.. Numeric.Where(raw.ContainsKey), .. made],
                Clock = new TableClock(time, [.. made.Where(name => name != hour).Select(static name => name[TableAges.Prefix.Length..])], made[^1] == hour),
            };
    }

    private static string NoAge(string name) => $"is a time without an age (the rows' own times are only an order, or there is a column '{TableAges.Prefix}{name}')";

    private static string? FindProblem(ColumnFrame frame, string name, bool isCategory, IReadOnlyList<int> trainRows)
    {
        var column = frame.GetColumn(name);
        var known = trainRows.Count(row => column switch
        {
            string?[] texts => texts[row] is not null,
            long[] whole => whole[row] != long.MinValue,
            _ => !double.IsNaN(((double[])column)[row]),
        });
        if (known == 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"has no value in the {trainRows.Count} training rows");
        }

        if (isCategory && column is string?[] categories)
        {
            var distinct = trainRows.Select(row => categories[row]).Where(static text => text is not null).Distinct(StringComparer.Ordinal).Count();
            if (distinct > 100 && 2L * distinct > known)
            {
                return string.Create(CultureInfo.InvariantCulture, $"is an id: {distinct} texts in {known} training rows");
            }
        }

        return null;
    }

    // Not refused where it was asked for by name: it does no harm that its user does not want.
    private static string? FindUseless(ColumnFrame frame, string name, bool isCategory, IReadOnlyList<int> trainRows)
    {
        var column = frame.GetColumn(name);
        if (trainRows.All(row => Equals(column.GetValue(row), column.GetValue(trainRows[0]))))
        {
            return "has the same value in all training rows";
        }

        // Rows are in the order of time here. A number that only grows with them is a time or a row number in disguise: later rows lie where no tree has seen any.
        return column is long[] whole && !isCategory && trainRows.Count > RowNumbersMin && Grows(whole, trainRows) ? "grows with the time as a row number does" : null;
    }

    private static bool Grows(long[] values, IReadOnlyList<int> rows)
    {
        var steps = 0;
        for (var index = 1; index < rows.Count; index++)
        {
            if (values[rows[index]] < values[rows[index - 1]])
            {
                return false;
            }

            steps += values[rows[index]] > values[rows[index - 1]] ? 1 : 0;
        }

        return 2L * steps > rows.Count;
    }
}

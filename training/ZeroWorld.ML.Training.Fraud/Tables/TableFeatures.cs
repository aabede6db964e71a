using System.Globalization;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Which columns of a table are features, and of which kind.</summary>
internal sealed record TableFeatures(IReadOnlyList<string> Numeric, IReadOnlyList<string> Categorical)
{
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
            else if (types[name] == FeatureType.Timestamp && !columns.Categorical.Contains(name))
            {
                notes.Add(columns.Features is null
                    ? $"feature '{name}' was left out: it is a time, and grows by itself"
                    : throw new TrainingException(TrainingError.InvalidInput, $"features: '{name}' is a time; make a number of it, such as an age."));
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
}

using System.Globalization;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Rows of a table as the tensors of a model that was trained on one, this one or another of the same columns.</summary>
/// <remarks>Columns are taken from the file, so that a model gets those too that another training leaves out.</remarks>
/// <param name="frame">All rows of the file, with its times as timestamps.</param>
/// <param name="columns">Whose time has a unit that is resolved.</param>
/// <param name="source">Its times are of the rows' own.</param>
internal sealed class TableInputs(ColumnFrame frame, IReadOnlyDictionary<string, FeatureType> types, FraudTableColumns columns, TableSource source)
{
    /// <param name="model">What the model reads.</param>
    /// <returns>A sentence about the first column that the table does not have as the model reads it, or <see langword="null"/>.</returns>
    internal string? FindProblem(TableColumns model)
    {
        foreach (var name in model.Numeric)
        {
            if (TimeOf(name) is not { } time)
            {
                if (!types.ContainsKey(name))
                {
                    return $"reads the column '{name}', which the table does not have";
                }

                if (types[name] is FeatureType.String or FeatureType.Timestamp && !IsEmpty(name))
                {
                    return $"reads the column '{name}' as numbers, and the table has {(types[name] == FeatureType.String ? "texts" : "times")} there";
                }
            }
            else if (FindTimeProblem(time) is { } problem)
            {
                return problem;
            }
        }

        return model.Times.Select(FindTimeProblem).FirstOrDefault(static problem => problem is not null)
            ?? model.Categorical.Where(name => !types.ContainsKey(name)).Select(static name => $"reads the column '{name}', which the table does not have").FirstOrDefault()
            ?? model.Categorical.Where(name => frame.GetColumn(name) is double[] numbers && !Array.TrueForAll(numbers, double.IsNaN))
                .Select(static name => $"reads the column '{name}' as texts, and the table has fractions there").FirstOrDefault();
    }

    /// <summary>When a row was, or <see langword="null"/> where times are only an order or no moment of a calendar.</summary>
    /// <param name="row">Of the source.</param>
    internal DateTimeOffset? MomentOf(int row) =>
        columns.TimeUnit != TimeUnit.Index && source.Times[row] is >= UnixMicroseconds.TimeMin and <= UnixMicroseconds.TimeMax and var micros ? UnixMicroseconds.ToDateTimeOffset(micros) : null;

    /// <param name="model">What <see cref="FindProblem"/> has nothing against.</param>
    /// <param name="rows">Rows of the source.</param>
    internal Dictionary<string, GoldenTensor> Of(TableColumns model, ReadOnlySpan<int> rows)
    {
        var inputs = new Dictionary<string, GoldenTensor>();
        if (model.Numeric.Count > 0)
        {
            inputs.Add(FeatureEncoding.NumbersInput, Tensor([.. model.Numeric.Select(NumbersOf)], rows));
        }

        if (model.Times.Count > 0)
        {
            inputs.Add(FeatureEncoding.TimesInput, Tensor([.. model.Times.Select(MomentsOf)], rows));
        }

        if (model.Categorical.Count > 0)
        {
            Func<int, string>[] texts = [.. model.Categorical.Select(TextsOf)];
            var values = new List<string>(rows.Length * texts.Length);
            foreach (var row in rows)
            {
                values.AddRange(texts.Select(text => text(row)));
            }

            inputs.Add(FeatureEncoding.TextsInput, new GoldenTensor([rows.Length, texts.Length], [], values));
        }

        return inputs;
    }

    private static GoldenTensor Tensor(Func<int, double>[] columns, ReadOnlySpan<int> rows)
    {
        var data = new List<double>(rows.Length * columns.Length);
        foreach (var row in rows)
        {
            data.AddRange(columns.Select(column => column(row)));
        }

        return new GoldenTensor([rows.Length, columns.Length], data);
    }

    // Models of format 1 take ages and hours from their caller.
    private string? TimeOf(string name) => types.ContainsKey(name) ? null
        : name.StartsWith(TableAges.Prefix, StringComparison.Ordinal) ? name[TableAges.Prefix.Length..]
        : name == TableHours.Prefix + columns.Time ? columns.Time
        : null;

    private string? FindTimeProblem(string name) =>
        columns.TimeUnit == TimeUnit.Index ? $"reads the time '{name}', and the rows' times are only an order here"
        : name == columns.Time ? null
        : !types.ContainsKey(name) ? $"reads the column '{name}', which the table does not have"
        : IsEmpty(name) || TableAges.ReadTimes(frame, types, name, []) is not null ? null
        : $"reads the column '{name}' as times, and the table has others there";

    private bool IsEmpty(string name) => frame.GetColumn(name) is string?[] texts && Array.TrueForAll(texts, static text => text is null);

    private Func<int, double> NumbersOf(string name)
    {
        if (TimeOf(name) is { } time)
        {
            var moments = MomentsOf(time);
            return time == columns.Time && !name.StartsWith(TableAges.Prefix, StringComparison.Ordinal)
                ? row => (float)ClockFeatures.HourOf(source.Times[row])
                : row => (float)ClockFeatures.DaysBetween(moments(row), source.Times[row]);
        }

        return frame.GetColumn(name) switch
        {
            long[] whole => row => whole[source.Ids[row]] is var value && value == long.MinValue ? double.NaN : (float)value,
            double[] numbers => row => (float)numbers[source.Ids[row]],
            _ => static _ => double.NaN,
        };
    }

    private Func<int, double> MomentsOf(string name)
    {
        if (name == columns.Time)
        {
            return row => source.Times[row];
        }

        var times = TableAges.ReadTimes(frame, types, name, []);
        return row => times is null || times[source.Ids[row]] == long.MinValue ? double.NaN : times[source.Ids[row]];
    }

    private Func<int, string> TextsOf(string name) => frame.GetColumn(name) switch
    {
        string?[] texts => row => texts[source.Ids[row]] ?? "",
        long[] whole => row => whole[source.Ids[row]] is var value && value == long.MinValue ? "" : value.ToString(CultureInfo.InvariantCulture),
        _ => static _ => "",
    };
}

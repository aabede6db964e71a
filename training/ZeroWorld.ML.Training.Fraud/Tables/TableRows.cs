using System.Globalization;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>From a request to rows in order of time and their split.</summary>
internal static class TableRows
{
    /// <exception cref="TrainingException">As <see cref="FraudTableTraining.RunAsync"/>.</exception>
    internal static (TableSource Source, TableSplit Split, TableInputs Inputs) Prepare(FraudTableRequest request, List<string> notes)
    {
        var (columns, settings) = (request.Columns, request.Settings);
        if (request.Frame.Rows == 0 || request.Test is { Rows: 0 })
        {
            throw new TrainingException(TrainingError.UnsuitableData, $"The {(request.Frame.Rows == 0 ? "table" : "table of test rows")} has no rows.");
        }

        var (frame, types) = request.Test is { } test ? Stack(request.Frame, test, request.Types) : (request.Frame, request.Types);
        CheckRoles(types, columns);
        (frame, types, var format) = ReadTimeTexts(frame, types, columns.Time, notes);
        (frame, types) = ReadWhole(frame, types, columns);
        var unit = types[columns.Time] == FeatureType.Timestamp ? TimeUnit.Microseconds
            : TableTimes.Resolve(frame.GetColumn(columns.Time), columns.TimeUnit);
        CheckOrder(columns, unit, settings.LabelDelay, notes);
        columns = columns with { TimeUnit = unit };
        var delay = UnixMicroseconds.FromTimeSpan(settings.LabelDelay);
        var asOf = settings.AsOf is { } moment ? TableTimes.Parse("as-of", moment, unit, format) : long.MaxValue;
        var testFrom = settings.TestFrom is { } from ? TableTimes.Parse("test-from", from, unit, format) : (long?)null;

        // Which columns are features is decided by training rows only, so the rows are split first, without a feature.
        var bare = Mature(TableSource.Of(frame, columns, new TableFeatures([], []), notes), asOf, delay, notes);
        var split = Split(request, bare, testFrom, delay, notes);
        int[] trainRows = Array.ConvertAll(split.Train, row => (int)bare.Ids[row]);
        var (rawFrame, rawTypes) = (frame, types);
        (frame, types, columns) = TableAges.Of(frame, types, columns, trainRows, notes);
        (frame, types, columns) = TableHours.Of(frame, types, columns, trainRows);
        var features = TableFeatures.Choose(frame, types, columns, trainRows, notes).WithClock(rawTypes, columns.Time);
        if (columns.Features is null && features is { Numeric: [var only], Categorical: [], Clock: not null } && only == TableHours.Prefix + columns.Time)
        {
            notes.Add($"no other column is left to learn from: the model sees '{only}' alone, and tells rows of one hour apart by nothing");
        }

        var source = Mature(TableSource.Of(frame, columns, features, []), asOf, delay, []);
        CheckOverlap(request, source, split, delay, unit, notes);
        return (source, split, new TableInputs(rawFrame, rawTypes, columns, source));
    }

    private static void CheckRoles(IReadOnlyDictionary<string, FeatureType> types, FraudTableColumns columns)
    {
        foreach (var (role, name) in new[] { ("label", columns.Label), ("time", columns.Time), ("entity", columns.Entity) })
        {
            if (!types.ContainsKey(name))
            {
                throw new TrainingException(TrainingError.InvalidInput, $"{role}: there is no column '{name}'; the table has {string.Join(", ", types.Keys)}.");
            }
        }
    }

    // Of an order nothing is a day, so that no delay can be kept: it is refused rather than forgotten.
    private static void CheckOrder(FraudTableColumns columns, TimeUnit unit, TimeSpan delay, List<string> notes)
    {
        if (unit == TimeUnit.Index && delay > TimeSpan.Zero)
        {
            throw new TrainingException(
                TrainingError.InvalidInput,
                string.Create(CultureInfo.InvariantCulture, $"label-delay: {delay.TotalDays} days, but the whole numbers of the time '{columns.Time}' are only an order here; name what they count (--time-unit), such as Seconds or Days."));
        }

        if (unit == TimeUnit.Index && columns.TimeUnit == TimeUnit.Auto)
        {
            notes.Add($"the whole numbers of the time '{columns.Time}' are taken for an order alone: there are no days and hours unless --time-unit says what they count");
        }
    }

    // The reader of the file leaves times of rarer forms as texts.
    private static (ColumnFrame Frame, IReadOnlyDictionary<string, FeatureType> Types, string? Format) ReadTimeTexts(
        ColumnFrame frame, IReadOnlyDictionary<string, FeatureType> types, string time, List<string> notes)
    {
        if (frame.GetColumn(time) is not string?[] texts || TimeTexts.FindFormat(texts) is not { } format)
        {
            return (frame, types, null);
        }

        notes.Add($"the time '{time}' was read as {format}");
        return (With(frame, time, TimeTexts.Read(texts, format)), new Dictionary<string, FeatureType>(types, StringComparer.Ordinal) { [time] = FeatureType.Timestamp }, format);
    }

    // Other tools write whole numbers as 1.0 as soon as one value of the column is missing.
    private static (ColumnFrame Frame, IReadOnlyDictionary<string, FeatureType> Types) ReadWhole(
        ColumnFrame frame, IReadOnlyDictionary<string, FeatureType> types, FraudTableColumns columns)
    {
        foreach (var name in (string[])[columns.Time, columns.Entity])
        {
            if (frame.GetColumn(name) is double[] numbers && WholeNumbers.TryRead(numbers) is { } whole)
            {
                (frame, types) = (With(frame, name, whole), new Dictionary<string, FeatureType>(types, StringComparer.Ordinal) { [name] = FeatureType.Int64 });
            }
        }

        return (frame, types);
    }

    private static ColumnFrame With(ColumnFrame frame, string column, Array values)
    {
        var changed = new ColumnFrame(frame.Rows);
        foreach (var name in frame.Names)
        {
            changed.Add(name, name == column ? values : frame.GetColumn(name));
        }

        return changed;
    }

    private static TableSource Mature(TableSource source, long asOf, long delay, List<string> notes)
    {
        if (asOf == long.MaxValue)
        {
            return source;
        }

        int[] mature = [.. Enumerable.Range(0, source.Rows).Where(row => source.Times[row] <= asOf - delay)];
        if (mature.Length == 0 && source.Rows > 0)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData, $"as-of: at that moment the label of none of the {source.Rows} rows is mature; name a later one, or a shorter label delay.");
        }

        if (mature.Length < source.Rows)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{source.Rows - mature.Length} rows were left out: their labels are not mature at the moment of training"));
        }

        return source.Keep(mature);
    }

    private static TableSplit Split(FraudTableRequest request, TableSource source, long? testFrom, long delay, List<string> notes)
    {
        var (share, isByEntity) = (request.Settings.TestShare, request.Settings.Split == SplitKind.Entity);
        if (request.Test is null)
        {
            return isByEntity ? TableSplit.OfEntities(source, share, notes) : TableSplit.Of(source, testFrom, share, delay, notes);
        }

        // The rows of the first table train, those of the second test.
        int[] train = [.. Enumerable.Range(0, source.Rows).Where(row => source.Ids[row] < request.Frame.Rows)];
        int[] test = [.. Enumerable.Range(0, source.Rows).Where(row => source.Ids[row] >= request.Frame.Rows)];
        return isByEntity ? TableSplit.OfEntities(source, train, test, share, notes) : TableSplit.Of(source, train, test, share, delay, notes);
    }

    private static void CheckOverlap(FraudTableRequest request, TableSource source, TableSplit split, long delay, TimeUnit unit, List<string> notes)
    {
        var equal = RowOverlap.Count(source, split.Train, split.Test);
        if (equal > 0)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData,
                string.Create(CultureInfo.InvariantCulture, $"The test set overlaps the training set: {equal} of {split.Test.Length} test rows are training rows too (equal time, entity, label and features)."));
        }

        if (request.Test is not null && request.Settings.Split == SplitKind.Time)
        {
            var known = source.Times[split.Train[^1]] + delay;
            var early = split.Test.Count(row => source.Times[row] <= known);
            if (early > 0 && unit == TimeUnit.Index)
            {
                // Each file may count from its own beginning.
                notes.Add(string.Create(
                    CultureInfo.InvariantCulture, $"{early} of {split.Test.Length} test rows are not later than the last training row by '{request.Columns.Time}'; that is refused only where its unit is known (--time-unit)"));
            }
            else if (early > 0)
            {
                throw new TrainingException(
                    TrainingError.UnsuitableData,
                    string.Create(CultureInfo.InvariantCulture, $"The test set overlaps the training set in time: {early} of {split.Test.Length} test rows are not later than the last training row and its label delay."));
            }
        }
    }

    private static (ColumnFrame Frame, IReadOnlyDictionary<string, FeatureType> Types) Stack(
        ColumnFrame first, ColumnFrame second, IReadOnlyDictionary<string, FeatureType> types)
    {
        var frame = new ColumnFrame(checked(first.Rows + second.Rows));
        var stacked = new Dictionary<string, FeatureType>(types, StringComparer.Ordinal);
        foreach (var name in types.Keys)
        {
            if (!second.Names.Contains(name))
            {
                throw new TrainingException(TrainingError.InvalidInput, $"test: its table has no column '{name}'.");
            }

            Array joined = (first.GetColumn(name), second.GetColumn(name)) switch
            {
                (long[] left, long[] right) => (long[])[.. left, .. right],
                (double[] or long[], double[] or long[]) => (double[])[.. ToDoubles(first.GetColumn(name)), .. ToDoubles(second.GetColumn(name))],

                // A column without any value has no type of its own, and one of numbers is one of texts where the other table has texts.
                (string?[] left, double[] or long[]) when IsEmpty(left) => (double[])[.. Enumerable.Repeat(double.NaN, left.Length), .. ToDoubles(second.GetColumn(name))],
                (double[] or long[], string?[] right) when IsEmpty(right) => (double[])[.. ToDoubles(first.GetColumn(name)), .. Enumerable.Repeat(double.NaN, right.Length)],
                _ => (string?[])[.. TableLabels.ToTexts(first.GetColumn(name)), .. TableLabels.ToTexts(second.GetColumn(name))],
            };
            stacked[name] = joined switch { double[] => FeatureType.Float64, string?[] => FeatureType.String, _ => types[name] };
            frame.Add(name, joined);
        }

        return (frame, stacked);
    }

    private static bool IsEmpty(string?[] texts) => Array.TrueForAll(texts, static text => text is null);

    private static double[] ToDoubles(Array column) =>
        column as double[] ?? Array.ConvertAll((long[])column, static value => value == long.MinValue ? double.NaN : value);
}

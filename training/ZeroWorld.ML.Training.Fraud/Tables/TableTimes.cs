using System.Globalization;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Reads a time column as microseconds.</summary>
internal static class TableTimes
{
    // 1973 to 2286: where seconds, milliseconds and microseconds since the epoch cannot be taken for each other.
    private const long SecondsMin = 100_000_000;
    private const long SecondsMax = 10_000_000_000;

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>, <see cref="TrainingError.UnsuitableData"/>: no times; the message names the row.</exception>
    internal static long[] Read(ColumnFrame frame, string name, TimeUnit unit)
    {
        switch (frame.GetColumn(name))
        {
            case long[] values:
                CheckKnown(name, Array.IndexOf(values, long.MinValue));
                var resolved = Resolve(values, unit);
                return resolved is TimeUnit.Microseconds or TimeUnit.Index ? values : Array.ConvertAll(values, value => Convert(name, value, resolved));
            case double[] fractions:
                CheckKnown(name, Array.FindIndex(fractions, double.IsNaN));
                return ConvertFractions(name, fractions, Resolve(fractions, unit));
            case var column:
                throw new TrainingException(
                    TrainingError.InvalidInput, $"time: the column '{name}' {DescribeTexts((string?[])column)}; expected timestamps such as 2024-05-01 12:00:00, dates, or whole numbers.");
        }
    }

    private static void CheckKnown(string name, int missing)
    {
        if (missing >= 0)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData, string.Create(CultureInfo.InvariantCulture, $"Time '{name}' of row {missing + 1} is missing; every row needs one."));
        }
    }

    // Clocks write 1609459200.25: what is below a microsecond is rounded.
    private static long[] ConvertFractions(string name, double[] values, TimeUnit unit)
    {
        var infinite = Array.FindIndex(values, double.IsInfinity);
        if (infinite >= 0)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData, string.Create(CultureInfo.InvariantCulture, $"Time '{name}' of row {infinite + 1} is {(values[infinite] > 0 ? "infinite" : "minus infinite")}; expected a moment."));
        }

        double? length = unit switch { TimeUnit.Days => UtcDay.Length, TimeUnit.Seconds => 1e6, TimeUnit.Milliseconds => 1e3, TimeUnit.Microseconds => 1, _ => null };
        if (length is not { } micros)
        {
            throw new TrainingException(
                TrainingError.InvalidInput, $"time: the column '{name}' holds fractions; expected timestamps, dates, whole numbers, or fractions whose time unit is days, seconds, milliseconds or microseconds (--time-unit).");
        }

        return Array.ConvertAll(values, value => Math.Abs(value * micros) < long.MaxValue / 2.0
            ? (long)Math.Round(value * micros)
            : throw new TrainingException(TrainingError.UnsuitableData, string.Create(CultureInfo.InvariantCulture, $"Time '{name}' has the value {value}, which is no moment in {unit}.")));
    }

    // A column is one of texts by a single value that is no time: the first one is what its user looks for.
    private static string DescribeTexts(string?[] texts)
    {
        var wrong = Array.FindIndex(texts, static text => text is not null && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _));
        return wrong < 0 ? "holds texts" : string.Create(CultureInfo.InvariantCulture, $"is '{Shorten(texts[wrong]!)}' in row {wrong + 1}");
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "...";

    /// <summary>The unit that <see cref="TimeUnit.Auto"/> stands for; fractions have that of their whole parts.</summary>
    internal static TimeUnit Resolve(Array column, TimeUnit unit) => column switch
    {
        long[] values => Resolve(values.AsSpan(), unit),
        double[] fractions => Resolve(Array.ConvertAll(fractions, static value => double.IsNaN(value) ? 0 : (long)value).AsSpan(), unit),
        _ => unit,
    };

    /// <summary>The unit that <see cref="TimeUnit.Auto"/> stands for.</summary>
    internal static TimeUnit Resolve(ReadOnlySpan<long> values, TimeUnit unit)
    {
        if (unit != TimeUnit.Auto || values.IsEmpty)
        {
            return unit == TimeUnit.Auto ? TimeUnit.Index : unit;
        }

        var (least, most) = (long.MaxValue, long.MinValue);
        foreach (var value in values)
        {
            (least, most) = (Math.Min(least, value), Math.Max(most, value));
        }

        return (least, most) switch
        {
            (>= 1800, <= 2200) => TimeUnit.Years,
            (>= 18_000_101, <= 22_001_231) when AreDates(values) => TimeUnit.Dates,
            (>= SecondsMin, < SecondsMax) => TimeUnit.Seconds,
            (>= SecondsMin * 1000, < SecondsMax * 1000) => TimeUnit.Milliseconds,
            (>= SecondsMin * 1_000_000, < SecondsMax * 1_000_000) => TimeUnit.Microseconds,
            _ => TimeUnit.Index,
        };
    }

    /// <summary>A moment as a person writes it, in the unit of the column.</summary>
    /// <param name="format">The form of a column of texts, which is tried first.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>.</exception>
    internal static long Parse(string setting, string text, TimeUnit unit, string? format = null)
    {
        if (format is not null && TimeTexts.TryParseMoment(text, format, out var micros))
        {
            return micros;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return unit is TimeUnit.Microseconds or TimeUnit.Index ? number : Convert(setting, number, unit);
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? UnixMicroseconds.FromDateTimeOffset(moment)
            : throw new TrainingException(TrainingError.InvalidInput, $"{setting}: '{text}' is no moment; expected a date, a time, or a whole number as in the time column.");
    }

    private static bool AreDates(ReadOnlySpan<long> values)
    {
        foreach (var value in values)
        {
            if (value / 100 % 100 is not (>= 1 and <= 12) || value % 100 is var day && (day < 1 || day > DateTime.DaysInMonth((int)(value / 10_000), (int)(value / 100 % 100))))
            {
                return false;
            }
        }

        return true;
    }

    private static DateTimeOffset DateOf(long value) => new(checked((int)(value / 10_000)), (int)(value / 100 % 100), (int)(value % 100), 0, 0, 0, TimeSpan.Zero);

    private static long Convert(string name, long value, TimeUnit unit)
    {
        try
        {
            return unit switch
            {
                TimeUnit.Years => UnixMicroseconds.FromDateTimeOffset(new DateTimeOffset(checked((int)value), 1, 1, 0, 0, 0, TimeSpan.Zero)),
                TimeUnit.Dates => UnixMicroseconds.FromDateTimeOffset(DateOf(value)),
                TimeUnit.Days => checked(value * UtcDay.Length),
                TimeUnit.Seconds => checked(value * 1_000_000),
                TimeUnit.Milliseconds => checked(value * 1000),
                _ => value,
            };
        }
        catch (Exception exception) when (exception is OverflowException or ArgumentOutOfRangeException)
        {
            throw new TrainingException(TrainingError.UnsuitableData, $"Time '{name}' has the value {value}, which is no moment in {unit}.", exception);
        }
    }
}

using System.Globalization;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Reads a label column: 1, 0, and -1 for a row whose label is not known.</summary>
internal static class TableLabels
{
    private const int ValuesShown = 5;

    private static readonly string[] Yes = ["1", "true", "t", "yes", "y"];
    private static readonly string[] No = ["0", "false", "f", "no", "n"];

    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: a value that is no label; the message names row and value.</exception>
    internal static sbyte[] Read(ColumnFrame frame, FraudTableColumns columns)
    {
        var texts = ToTexts(frame.GetColumn(columns.Label));
        if (columns.Positive is { } positive)
        {
            return ReadTwo(texts, columns.Label, positive);
        }

        var labels = new sbyte[texts.Length];
        for (var row = 0; row < labels.Length; row++)
        {
            labels[row] = texts[row] switch
            {
                null => -1,
                var text when IsOne(text, No) => 0,
                var text when IsOne(text, Yes) => 1,
                var other => throw Wrong(columns.Label, row, other, "0 or 1, or the value that is positive (--positive)"),
            };
        }

        return labels;
    }

    private static sbyte[] ReadTwo(string?[] texts, string column, string positive)
    {
        positive = Resolve(texts, column, positive);
        string? negative = null;
        var labels = new sbyte[texts.Length];
        for (var row = 0; row < labels.Length; row++)
        {
            if (texts[row] is not { } text)
            {
                labels[row] = -1;
            }
            else if (text == positive)
            {
                labels[row] = 1;
            }
            else
            {
                negative ??= text;
                labels[row] = text == negative ? (sbyte)0 : throw Wrong(column, row, text, $"'{positive}' or '{negative}': two values in all");
            }
        }

        return labels;
    }

    // Yes and No are read from a file as truth values, which are 1 and 0 here.
    private static string Resolve(string?[] texts, string column, string positive)
    {
        if (Array.IndexOf(texts, positive) >= 0)
        {
            return positive;
        }

        string?[] known = [.. texts.Where(static text => text is not null).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(ValuesShown + 1)];
        string? sameTruth = IsOne(positive, Yes) ? "1" : IsOne(positive, No) ? "0" : null;
        return sameTruth is not null && known.Length <= 2 && Array.TrueForAll(known, static text => text is "0" or "1")
            ? sameTruth
            : throw new TrainingException(
                TrainingError.UnsuitableData,
                $"positive: no row of the label '{column}' is '{positive}'; its values are {string.Join(", ", known.Take(ValuesShown).Select(static text => $"'{text}'"))}{(known.Length > ValuesShown ? " and more" : "")}.");
    }

    private static bool IsOne(string text, string[] words) => Array.Exists(words, word => string.Equals(word, text, StringComparison.OrdinalIgnoreCase));

    /// <summary>Values as texts; null stays null.</summary>
    internal static string?[] ToTexts(Array column) => column switch
    {
        string?[] texts => texts,
        long[] whole => Array.ConvertAll(whole, static value => value == long.MinValue ? null : value.ToString(CultureInfo.InvariantCulture)),
        double[] numbers => Array.ConvertAll(numbers, static value => double.IsNaN(value) ? null : value.ToString(CultureInfo.InvariantCulture)),
        _ => throw new TrainingException(TrainingError.InvalidInput, "columns: a column holds lists; expected numbers or texts."),
    };

    private static TrainingException Wrong(string column, int row, string value, string expected) => new(
        TrainingError.UnsuitableData, string.Create(CultureInfo.InvariantCulture, $"Label '{column}' of row {row + 1} is '{value}'; expected {expected}."));
}

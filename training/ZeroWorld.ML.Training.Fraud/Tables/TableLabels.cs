using System.Globalization;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Reads a label column: 1, 0, and -1 for a row whose label is not known.</summary>
internal static class TableLabels
{
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
                "0" or "false" or "False" or "FALSE" => 0,
                "1" or "true" or "True" or "TRUE" => 1,
                var other => throw Wrong(columns.Label, row, other, "0 or 1, or the value that is positive (--positive)"),
            };
        }

        return labels;
    }

    private static sbyte[] ReadTwo(string?[] texts, string column, string positive)
    {
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

    private static string?[] ToTexts(Array column) => column switch
    {
        string?[] texts => texts,
        long[] whole => Array.ConvertAll(whole, static value => value == long.MinValue ? null : value.ToString(CultureInfo.InvariantCulture)),
        double[] numbers => Array.ConvertAll(numbers, static value => double.IsNaN(value) ? null : value.ToString(CultureInfo.InvariantCulture)),
        _ => throw new TrainingException(TrainingError.InvalidInput, "label: the column holds lists; expected 0 and 1."),
    };

    private static TrainingException Wrong(string column, int row, string value, string expected) => new(
        TrainingError.UnsuitableData, string.Create(CultureInfo.InvariantCulture, $"Label '{column}' of row {row + 1} is '{value}'; expected {expected}."));
}

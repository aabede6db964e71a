using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Sentences about what is wrong with a file.</summary>
internal static class ImportFailure
{
    private const int ValueLengthMax = 60;

    public static FeatureException File(string path, string problem, Exception? cause = null) =>
        new(FeatureError.InvalidInput, $"File '{path}' {problem}", cause);

    public static FeatureException Record(string path, long line, string problem) =>
        new(FeatureError.InvalidInput, string.Create(CultureInfo.InvariantCulture, $"File '{path}', line {line}: {problem}."));

    /// <param name="place"><c>line</c> for text files, <c>row</c> for Parquet; both from 1.</param>
    public static FeatureException Value(string path, string place, long number, string column, ReadOnlySpan<byte> value, string expected) =>
        new(
            FeatureError.InvalidInput,
            string.Create(CultureInfo.InvariantCulture, $"File '{path}', {place} {number}, column '{column}': the value is '{Show(value)}'; expected {expected}."));

    public static FeatureException NoValue(string path, string place, long number, string column, FeatureType type) =>
        new(
            FeatureError.InvalidInput,
            string.Create(
                CultureInfo.InvariantCulture,
                $"File '{path}', {place} {number}, column '{column}': there is no value (null); expected {ColumnTypes.Describe(type)}."));

    /// <summary>For a column that must have a value in every row.</summary>
    public static FeatureException NotFinite(string path, string place, long number, string column, ReadOnlySpan<byte> value) => Value(path, place, number, column, value, "a finite number");

    public static FeatureException NullElement(string path, long number, string column) =>
        new(
            FeatureError.InvalidInput,
            string.Create(CultureInfo.InvariantCulture, $"File '{path}', row {number}, column '{column}': the list has a null among its elements; expected lists without nulls."));

    public static FeatureException MissingColumn(string path, string column, IEnumerable<string> columns) =>
        File(path, $"has no column '{column}'. Its columns: {string.Join(", ", columns.Select(static name => Show(Encoding.UTF8.GetBytes(name))))}.");

    /// <summary>The text as it can be printed: short, and without control characters.</summary>
    public static string Show(ReadOnlySpan<byte> value)
    {
        var text = Encoding.UTF8.GetString(value[..Math.Min(value.Length, ValueLengthMax)]);
        var shown = string.Create(text.Length, text, static (target, source) =>
        {
            for (var index = 0; index < source.Length; index++)
            {
                target[index] = char.IsControl(source[index]) ? '\uFFFD' : source[index];
            }
        });
        return value.Length > ValueLengthMax ? $"{shown}..." : shown;
    }
}

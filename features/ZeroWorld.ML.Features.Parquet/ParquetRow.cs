using System.Collections;
using System.Globalization;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>One row of a file. Immutable and thread safe.</summary>
public sealed class ParquetRow
{
    private readonly Dictionary<string, object?> _values;

    internal ParquetRow(Dictionary<string, object?> values) => _values = values;

    /// <exception cref="FeatureException"><see cref="FeatureError.CorruptData"/>: no such column, null, or no integer; the others likewise.</exception>
    public long GetInt64(string column) => Convert.ToInt64(Required(column), CultureInfo.InvariantCulture);

    public string GetText(string column) => FindText(column) ?? throw Missing(column);

    public string? FindText(string column) => (string?)Find(column);

    public byte[]? FindBytes(string column) => (byte[]?)Find(column);

    /// <summary>A list; a null list is empty.</summary>
    /// <param name="convert">What an element is made of; <see langword="null"/> for a null element.</param>
    public IReadOnlyList<T> GetList<T>(string column, Func<object?, T> convert) =>
        Find(column) is IEnumerable list and not string ? [.. list.Cast<object?>().Select(convert)] : [];

    private object Required(string column) => Find(column) ?? throw Missing(column);

    private object? Find(string column) => _values.TryGetValue(column, out var value) ? value : throw Missing(column);

    private FeatureException Missing(string column) =>
        new(FeatureError.CorruptData, $"The row has no '{column}'. Columns: {string.Join(", ", _values.Keys)}.");
}

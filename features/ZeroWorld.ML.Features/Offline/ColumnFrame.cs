using System.Diagnostics.CodeAnalysis;

namespace ZeroWorld.ML.Features;

/// <summary>Columns of equal length in memory.</summary>
/// <remarks>
/// bool (0 or 1), float32 and float64 columns are <c>double[]</c> (null as NaN), int64 and timestamps <c>long[]</c> (null as <see cref="long.MinValue"/>;
/// timestamps in microseconds since the epoch), strings <c>string?[]</c>, lists <c>long[]?[]</c>, <c>double[]?[]</c> or <c>string[]?[]</c>. Not thread safe while it is filled.
/// </remarks>
public sealed class ColumnFrame
{
    private readonly Dictionary<string, Array> _columns = new(StringComparer.Ordinal);

    public ColumnFrame(int rows) => Rows = rows;

    public int Rows { get; }

    public IReadOnlyCollection<string> Names => _columns.Keys;

    /// <exception cref="ArgumentException">The length differs from <see cref="Rows"/>.</exception>
    public void Add(string name, Array values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length != Rows)
        {
            throw new ArgumentException($"Column '{name}' has {values.Length} values; expected {Rows}.", nameof(values));
        }

        _columns.Add(name, values);
    }

    /// <summary>A column of whatever element type.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>.</exception>
    public Array GetColumn(string name) => _columns.TryGetValue(name, out var values)
        ? values
        : throw new FeatureException(FeatureError.NotFound, $"There is no column '{name}'. Columns: {string.Join(", ", _columns.Keys)}.");

    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>, or <see cref="FeatureError.InvalidInput"/> when it is not of this type.</exception>
    public T[] Get<T>(string name)
    {
        var values = GetColumn(name);
        return values as T[]
            ?? throw new FeatureException(FeatureError.InvalidInput, $"Column '{name}' holds {values.GetType().GetElementType()!.Name}; expected {typeof(T).Name}.");
    }

    /// <returns><see langword="false"/> when there is no such column or it holds values of another type.</returns>
    public bool TryGet<T>(string name, [NotNullWhen(true)] out T[]? values)
    {
        values = _columns.GetValueOrDefault(name) as T[];
        return values is not null;
    }
}

namespace ZeroWorld.ML.Features;

/// <summary>Features of one entity from one source. Either a <see cref="LastValueView"/> or a <see cref="WindowedView"/>.</summary>
/// <remarks>Views are immutable; fingerprints are computed once where definitions are loaded.</remarks>
public abstract record FeatureView
{
    public required string Project { get; init; }

    /// <value><c>[a-z][a-z0-9_]*</c>, at most 64 characters; unique in the project.</value>
    public required string Name { get; init; }

    public required Entity Entity { get; init; }

    public required ViewSource Source { get; init; }

    public DefinitionDetails Details { get; init; } = DefinitionDetails.None;

    /// <summary>Names and types of the features, in order.</summary>
    public abstract IReadOnlyList<FeatureField> Fields { get; }

    /// <summary>The columns whose values are stored per row or event, in stored order.</summary>
    public abstract IReadOnlyList<StoredColumn> StoredColumns { get; }

    /// <summary>The columns of the source that are read as values: those that are stored, then those that the filter reads besides.</summary>
    public IReadOnlyList<StoredColumn> ValueColumns
    {
        get
        {
            var stored = StoredColumns;
            return Source.Filter is { } filter ? [.. stored, .. filter.Columns.Where(column => stored.All(other => other.Name != column.Name))] : stored;
        }
    }

    /// <summary>The types that a column of pushed or streamed events may have: of what windows aggregate as float64, and of what filters read as that, any number.</summary>
    internal FeatureType[] Accepted(StoredColumn column) => this is WindowedView && column.Type == FeatureType.Float64
        ? [FeatureType.Bool, FeatureType.Int64, FeatureType.Float32, FeatureType.Float64]
        : [column.Type];
}

/// <summary>What is common to every feature of a view.</summary>
/// <param name="Name">Name of the column that a feature service shows.</param>
/// <param name="Type">Type of the value.</param>
/// <param name="Default">Put in the place of a missing value; a null of the same type when none is declared.</param>
/// <param name="IsRequired">Whether a row without value and default fails.</param>
public sealed record FeatureField(string Name, FeatureType Type, FeatureValue Default, bool IsRequired)
{
    /// <value>What good values lie between; <see langword="null"/>: anything. No fingerprint depends on it.</value>
    public FeatureBounds? Bounds { get; init; }

    public DefinitionDetails Details { get; init; } = DefinitionDetails.None;
}

/// <summary>A source column as it is stored online.</summary>
public sealed record StoredColumn(string Name, FeatureType Type);

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>One case of the truth table: a view, its events, and what reads of it must give.</summary>
public sealed record ContractCase
{
    public required string Name { get; init; }

    /// <summary>File and line, for messages.</summary>
    public required string Place { get; init; }

    public required FeatureView View { get; init; }

    public required bool HasIntegerEventId { get; init; }

    public required IReadOnlyList<ContractEvent> Events { get; init; }

    public required IReadOnlyList<ContractRead> Reads { get; init; }
}

/// <param name="Key">The entity's key, or a null.</param>
/// <param name="Event">Event time, microseconds.</param>
/// <param name="Created">Created time, microseconds.</param>
/// <param name="Id">Event id; a null where there is none.</param>
/// <param name="Values">By source column; absent is null.</param>
public sealed record ContractEvent(
    FeatureValue Key, long Event, long Created, FeatureValue Id, IReadOnlyDictionary<string, FeatureValue> Values)
{
    public long Arrival => Math.Max(Event, Created);

    public FeatureValue ValueOf(StoredColumn column) => Values.TryGetValue(column.Name, out var value) ? value : FeatureValue.Null(column.Type);
}

/// <param name="Q">The moment of the read, microseconds.</param>
/// <param name="Key">Whose features; may be a null.</param>
/// <param name="Request">Request values by name; absent is null.</param>
/// <param name="Expected">One per feature of the view.</param>
/// <param name="Line">Line of the file.</param>
public sealed record ContractRead(
    long Q, FeatureValue Key, IReadOnlyDictionary<string, FeatureValue> Request, IReadOnlyList<ExpectedCell> Expected, long Line);

/// <param name="Value">What the row holds, the default in place.</param>
/// <param name="Status">Why.</param>
/// <param name="IsDefaulted">Whether the value is the default.</param>
/// <param name="EventTime">Checked only where <paramref name="HasEventTime"/>.</param>
/// <param name="IsUnavailableOnline">Whether an online store must say UNAVAILABLE: it keeps less than the history.</param>
public sealed record ExpectedCell(
    FeatureValue Value, FeatureStatus Status, bool IsDefaulted, long? EventTime, bool HasEventTime, bool IsUnavailableOnline);

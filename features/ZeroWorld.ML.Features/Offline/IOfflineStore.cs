namespace ZeroWorld.ML.Features;

/// <summary>Tables of history, and the engine that joins them.</summary>
/// <remarks>Thread safe. Every operation is bounded in memory and writes its result under its name only when it is complete.</remarks>
public interface IOfflineStore
{
    /// <summary>Columns of a table.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>.</exception>
    Task<IReadOnlyList<OfflineColumn>> DescribeTableAsync(string project, string table, CancellationToken cancellationToken);

    /// <summary>Says of tables that are there what a training set of the views would refuse: a column that is missing, or of another type.</summary>
    /// <param name="views">Views of one project.</param>
    /// <returns>A sentence for each view that does not fit its table. Tables that are not there, or are not on this machine, are passed by.</returns>
    Task<IReadOnlyList<string>> FindMisfitsAsync(IReadOnlyList<FeatureView> views, CancellationToken cancellationToken);

    /// <summary>Opens what the source of a view holds; refuses rows that lack what identifies them in time.</summary>
    /// <param name="field">The stored form of the view.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>, <see cref="FeatureError.InvalidInput"/>: the table does not fit the view.</exception>
    Task<IViewHistory> OpenHistoryAsync(StorageField field, CancellationToken cancellationToken);

    /// <summary>Makes a table of a CSV(.gz) or Parquet file, replacing what was there, or beside it.</summary>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.NotFound"/>: no such file. <see cref="FeatureError.InvalidInput"/>: the message names file, line, column, value and what was expected.
    /// </exception>
    Task<TableSummary> ImportAsync(TableImport import, CancellationToken cancellationToken);

    /// <summary>Joins the spine with the features of a service, point in time, one row out per row in, and writes it as Parquet.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>, <see cref="FeatureError.InvalidInput"/>.</exception>
    Task<TrainingSet> BuildTrainingSetAsync(TrainingSetRequest request, IProgress<long>? progress, CancellationToken cancellationToken);

    /// <summary>
    /// Takes an entity out of the files of the tables that views read: in its rows the keys become null, and so does every column that no view of another entity
    /// reads, but for times and event ids. Rows keep their places, so that what reads them meanwhile sees the old or the new ones. Each file is replaced whole.
    /// </summary>
    /// <remarks>Rows of a table that another entity's windows count stay counted there. Repeating it touches nothing.</remarks>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a file does not fit its view; <see cref="FeatureError.StoreUnavailable"/>.</exception>
    Task<TableErasure> EraseAsync(TableErasureRequest request, CancellationToken cancellationToken);

    /// <summary>Loads columns of a training set (or of any Parquet file) into memory.</summary>
    /// <param name="path">Path of the file; a relative one is looked up in the data directory where the working directory has none.</param>
    /// <param name="columns">Names of the columns.</param>
    /// <param name="filter">Keeps rows with <c>from &lt;= time &lt; to</c>; <see langword="null"/> keeps all.</param>
    Task<ColumnFrame> LoadAsync(string path, IReadOnlyList<string> columns, TimeFilter? filter, CancellationToken cancellationToken);
}

/// <param name="Name">Name of the column.</param>
/// <param name="Type">Its type, as features see it.</param>
public sealed record OfflineColumn(string Name, FeatureType Type);

/// <param name="Project">Project of the table.</param>
/// <param name="Table">Name of the table, <c>[a-z][a-z0-9_]*</c>.</param>
/// <param name="Path">A .csv, .csv.gz or .parquet file.</param>
/// <param name="Columns">
/// The columns that must be there, with their types; others are dropped. None: those of the table, where the rows are appended; else all that the file has, of the types
/// that it gives them (Parquet) or, for CSV, that <see cref="Views"/> declare, or the narrowest that takes every value.
/// </param>
/// <param name="TimeZone">
/// IANA name (<c>Europe/Zurich</c>) or fixed offset (<c>UTC</c>, <c>+02:00</c>) of times without one; <see langword="null"/> refuses such times.
/// An hour that a zone has twice is read as its second occurrence, so that nothing is known too early.
/// </param>
public sealed record TableImport(string Project, string Table, string Path, IReadOnlyList<OfflineColumn> Columns, string? TimeZone)
{
    /// <value>Columns that must have a value in every row, a finite one where they are floats: event time, created time, event id. <see langword="null"/>: the first timestamp column or, where no columns are named, the times of <see cref="Views"/>.</value>
    public IReadOnlyList<string>? NotNull { get; init; }

    /// <value>Whether the rows come beside those that are there, as one more file; else they replace the table. Default false.</value>
    public bool IsAppended { get; init; }

    /// <value>Texts of a CSV file that stand for no value, beside the empty one, such as <c>n/a</c>; in a column of texts only where they are not quoted. A Parquet file has nulls of its own, and is refused with them.</value>
    public IReadOnlyList<string> NullTexts { get; init; } = [];

    /// <value>The views that read the table: what they declare of its values is counted, and types are taken of them where no columns are named.</value>
    public IReadOnlyList<FeatureView> Views { get; init; } = [];

    /// <value>Receives the share of the work that is done, 0 to 1, from any thread; <see langword="null"/>: nobody asks.</value>
    public IProgress<double>? Share { get; init; }
}

/// <param name="Rows">Rows that features may see.</param>
/// <param name="Quarantined">Rows left out because they lie in the future of their arrival by more than the allowed skew.</param>
/// <param name="FirstEvent">Smallest event time, microseconds; <see langword="null"/> without rows.</param>
/// <param name="LastEvent">Greatest event time.</param>
/// <param name="LastArrival">Greatest max(event, created).</param>
/// <param name="Generation">Letters and digits that change with every import that replaces the table; empty where the store knows none.</param>
public sealed record SourceExtent(long Rows, long Quarantined, long? FirstEvent, long? LastEvent, long? LastArrival, string Generation = "")
{
    /// <value>One per feature that declares bounds; of last-value views only.</value>
    public IReadOnlyList<FeatureQuality> Quality { get; init; } = [];

    /// <value>The files of the table.</value>
    public IReadOnlyList<SourceFile> Files { get; init; } = [];

    /// <value>Rows left out because a key is null.</value>
    public long NullKeys { get; init; }
}

/// <param name="Rows">Rows in the table.</param>
/// <param name="Bytes">Bytes of its files.</param>
/// <param name="FirstTime">Smallest value of the first timestamp column, microseconds; <see langword="null"/> without rows or such a column.</param>
/// <param name="LastTime">Greatest value of it.</param>
public sealed record TableSummary(long Rows, long Bytes, long? FirstTime, long? LastTime)
{
    /// <value>The columns of the table.</value>
    public IReadOnlyList<OfflineColumn> Columns { get; init; } = [];

    /// <value>Columns of the file that were not taken, where no columns were named: name and reason.</value>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <value>Columns of a CSV file that are texts because of some value, where no columns were named.</value>
    public IReadOnlyList<TextColumn> Texts { get; init; } = [];

    /// <value>One per feature of <see cref="TableImport.Views"/> that declares bounds and whose column was imported; of last-value views only.</value>
    public IReadOnlyList<FeatureQuality> Quality { get; init; } = [];

    /// <value>A sentence for each of <see cref="TableImport.Views"/> that cannot read the table as it is now.</value>
    public IReadOnlyList<string> Misfits { get; init; } = [];

    /// <value>One per key of <see cref="TableImport.Views"/> that lacks a value in some of the rows.</value>
    public IReadOnlyList<NullKeyRows> NullKeys { get; init; } = [];
}

/// <summary>A column whose values were of one type until a value came that only a text is.</summary>
/// <param name="Name">Name of the column.</param>
/// <param name="Line">Line of the file with the first such value, from 1.</param>
/// <param name="Value">The value, cut off where it is long.</param>
/// <param name="Type">What the values before it are; <see langword="null"/>: the value is a time without a zone, and none was declared.</param>
public sealed record TextColumn(string Name, long Line, string Value, FeatureType? Type);

/// <summary>Rows of a file without a value in a key: no entity ever sees them.</summary>
/// <param name="Columns">The columns of the key, in its order.</param>
/// <param name="Rows">How many rows lack a value in one of them; 1 or more.</param>
/// <param name="First">The first of them, from 1.</param>
public sealed record NullKeyRows(IReadOnlyList<string> Columns, long Rows, long First);

/// <summary>What a training set is built from.</summary>
public sealed record TrainingSetRequest
{
    public required FeatureServicePlan Plan { get; init; }

    /// <value>A table of the offline store, or the path of a Parquet file.</value>
    public required string Spine { get; init; }

    /// <value>Spine column that holds q.</value>
    public required string TimeColumn { get; init; }

    /// <value>Join key to spine column; a key that is absent here is read from the column of its own name.</value>
    public required IReadOnlyDictionary<string, string> KeyColumns { get; init; }

    /// <value>Request value to spine column; one that is absent here is read from the column of its own name or, where the spine has none, is its default.</value>
    public required IReadOnlyDictionary<string, string> RequestColumns { get; init; }

    /// <value>Spine columns that are handed through: ids, labels.</value>
    public required IReadOnlyList<string> PassThrough { get; init; }

    /// <value>Whether a status column (<c>NAME__status</c>, int32) is written beside each feature.</value>
    public bool WithStatuses { get; init; }

    /// <value>Only what was known then: rows created later are not seen. <see langword="null"/>: all.</value>
    public long? AsOf { get; init; }

    /// <value>Keeps spine rows with <c>from &lt;= value of its column &lt; to</c>; <see langword="null"/> keeps all.</value>
    public TimeFilter? Filter { get; init; }

    /// <value>Receives the share of the work that is done, 0 to 1, from any thread; <see langword="null"/>: nobody asks.</value>
    public IProgress<double>? Share { get; init; }

    /// <value>Path of the file to write: Parquet, or an Arrow stream where the name ends in <c>.arrow</c> or <c>.arrows</c>.</value>
    public required string OutputPath { get; init; }
}

/// <param name="Column">A timestamp column.</param>
/// <param name="From">Microseconds since the epoch, inclusive.</param>
/// <param name="To">Microseconds since the epoch, exclusive.</param>
public sealed record TimeFilter(string Column, long From, long To);

/// <summary>A training set on disk.</summary>
/// <param name="Path">Its file: pass-through columns, <c>time</c>, then the columns of the service, each followed by its status where asked for.</param>
/// <param name="Rows">Rows: as many as the spine had.</param>
/// <param name="Fingerprint">SHA-256 over the service's fingerprint and the rows, lower-case hex.</param>
/// <param name="ServiceFingerprint">Fingerprint of the feature service.</param>
/// <param name="Quarantined">Source events left out because they lie in the future of their arrival.</param>
public sealed record TrainingSet(string Path, long Rows, string Fingerprint, string ServiceFingerprint, long Quarantined)
{
    /// <value>SHA-256 of the spine's files, one after the other, lower-case hex.</value>
    public string SpineHash { get; init; } = "";

    /// <value>One per column that is no status, in their order.</value>
    public IReadOnlyList<ColumnStatistics> Statistics { get; init; } = [];
}

/// <param name="ArrivedAfter">Microseconds since the epoch, exclusive, of max(event, created); <see cref="long.MinValue"/>: from the beginning.</param>
/// <param name="ArrivedUntil">Inclusive.</param>
/// <param name="Trim">Events at or before this event time are left out; <see cref="long.MinValue"/>: none.</param>
public sealed record MaterializationRange(long ArrivedAfter, long ArrivedUntil, long Trim)
{
    /// <value>
    /// Only what files hold that were stored later than this (microseconds since the epoch); of precision <c>hop</c>, the whole history of the entities that are in
    /// them, since tiles are made of all of it. <see cref="long.MinValue"/>, the default: everything.
    /// </value>
    public long StoredAfter { get; init; } = long.MinValue;

    /// <value>Only entities of these partitions; <see langword="null"/>: all.</value>
    public IReadOnlyList<int>? Partitions { get; init; }
}

/// <summary>A file of a table.</summary>
/// <param name="Name">Its name; a name never stands for other rows.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Stored">Ingestion time of its rows: when it was stored, microseconds since the epoch.</param>
public sealed record SourceFile(string Name, long Bytes, long Stored);

/// <summary>Which rows of which tables are an entity's.</summary>
/// <param name="Project">Project of the tables.</param>
/// <param name="Views">Every view of the project: what other entities' views read is kept.</param>
/// <param name="Entity">Name of the entity, not of an alias.</param>
/// <param name="Keys">Its key values, in the order of its keys.</param>
/// <param name="Until">Event time, microseconds since the epoch, inclusive: later rows are kept.</param>
public sealed record TableErasureRequest(string Project, IReadOnlyList<FeatureView> Views, string Entity, IReadOnlyList<FeatureValue> Keys, long Until);

/// <param name="Rows">Rows that were the entity's.</param>
/// <param name="Files">Files that were written anew for it.</param>
public sealed record TableErasure(long Rows, long Files);

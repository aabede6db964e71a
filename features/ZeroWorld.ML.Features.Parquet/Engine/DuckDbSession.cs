using System.Globalization;
using DuckDB.NET.Data;
using DuckDB.NET.Native;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>One private engine for one operation: in memory, bounded, spilling to a folder of its own that goes when it does.</summary>
/// <remarks>Thread safety: <see cref="Query"/>, <see cref="QueryVectors"/> and <see cref="Visit"/> may be called from any thread, each result belongs to one; the rest is for one thread.</remarks>
internal sealed class DuckDbSession : IDisposable
{
    private const string Stopped = "The offline engine stopped: ";

    private readonly SpillFolder _spill;
    private readonly int _threads;
    private readonly DuckDBConnection _connection;
    private readonly Lock _duplication = new();
    private readonly List<string> _files = [];
    private readonly Dictionary<string, FilterFunction> _filters = new(StringComparer.Ordinal);

    public DuckDbSession(ParquetOfflineOptions options)
        : this(options, options.EngineMiB, options.ThreadCount)
    {
    }

    public DuckDbSession(ParquetOfflineOptions options, SpareEngine spare)
        : this(options, options.EngineMiB, options.ThreadCount, spare.Take)
    {
    }

    /// <summary>An engine that shares an operation with others.</summary>
    public DuckDbSession(ParquetOfflineOptions options, long memoryMiB, int threads)
        : this(options, memoryMiB, threads, SpareEngine.Open)
    {
    }

    private DuckDbSession(ParquetOfflineOptions options, long memoryMiB, int threads, Func<DuckDBConnection> open)
    {
        _threads = threads;
        _spill = SpillFolder.Create(options.SpillParent);
        _connection = open();

        // Nothing is ever fetched from the network, and times have one zone.
        Execute(
            string.Create(CultureInfo.InvariantCulture, $"""
            SET autoinstall_known_extensions = false;
            SET autoload_known_extensions = false;
            SET memory_limit = '{memoryMiB}MiB';
            SET threads = {threads};
            SET temp_directory = {Sql.Text(_spill.Path)};
            SET TimeZone = 'UTC';
            SET preserve_insertion_order = true;
            """),
            CancellationToken.None);
    }

    /// <summary>A path for a file that lives as long as the session.</summary>
    public string SpillPath(string name) => Path.Combine(_spill.Path, name);

    /// <summary>Remembers Parquet files that are read, so that one that cannot be is told by its name.</summary>
    public void Reads(IEnumerable<string> files) => _files.AddRange(files.Except(_files));

    /// <summary>What to say in the place of what the engine says where it stops amid damaged data.</summary>
    /// <returns>The first file that cannot be read, in a sentence; the failure itself where none is damaged.</returns>
    public FeatureException Explain(FeatureException failure)
    {
        if (failure.Error == FeatureError.InvalidInput && failure.Message.StartsWith(Stopped, StringComparison.Ordinal))
        {
            foreach (var file in _files)
            {
                try
                {
                    ParquetFile.Require(file);
                    using var rows = Query($"SELECT count(hash(f)) FROM read_parquet({Sql.Text(file)}) f", CancellationToken.None);
                    rows.Read();
                }
                catch (FeatureException damage) when (damage.Error == FeatureError.InvalidInput)
                {
                    return damage.Message.StartsWith(Stopped, StringComparison.Ordinal) ? ParquetFile.Damaged(file, damage) : damage;
                }
            }
        }

        return failure;
    }

    /// <summary>A condition that is true for the rows that a filter lets pass.</summary>
    /// <param name="arguments">Per column of the filter an expression that gives its value, timestamps as microseconds.</param>
    public string FilterBy(RowFilter filter, IEnumerable<string> arguments)
    {
        var key = $"{filter.Canonical}\n{string.Join(',', filter.Columns)}";
        if (!_filters.TryGetValue(key, out var function))
        {
            function = new FilterFunction(NativeConnection, filter);
            _filters.Add(key, function);
        }

        return $"{function.Name}({string.Join(", ", arguments)})";
    }

    /// <summary>Threads of the engine, where they are not limited.</summary>
    public int Threads => _threads;

    public DuckDBNativeConnection NativeConnection => _connection.NativeConnection;

    /// <exception cref="FeatureException">The engine refused; the message says what it said.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the engine stopped.</exception>
    public void Execute(string statement, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var command = _connection.CreateCommand();
        command.CommandText = statement;
        using var registration = cancellationToken.Register(static state => ((DuckDBCommand)state!).Cancel(), command);
        try
        {
            command.ExecuteNonQuery();
        }
        catch (DuckDBException exception)
        {
            throw Translate(exception, cancellationToken);
        }
    }

    /// <summary>Holds every query to so many threads until the result is disposed.</summary>
    public IDisposable LimitThreads(int threads)
    {
        Execute(string.Create(CultureInfo.InvariantCulture, $"SET threads = {threads}"), CancellationToken.None);
        return new ThreadLimit(this);
    }

    /// <summary>Streams a result on a connection of its own, so that several may be open at once.</summary>
    public DuckDbRows Query(string statement, CancellationToken cancellationToken) => new(Connect(cancellationToken), statement, cancellationToken);

    /// <summary>As <see cref="Query"/>, by whole vectors.</summary>
    public DuckDbVectors QueryVectors(string statement, CancellationToken cancellationToken) => new(Connect(cancellationToken), statement, cancellationToken);

    /// <summary>Hands on the rows of a statement as the engine's threads make them, in no order.</summary>
    /// <param name="visit">As <see cref="VectorVisit"/> has it, for <see cref="Threads"/> workers; what it throws ends the statement and is thrown.</param>
    public void Visit(string statement, Action<DuckDbChunk, int> visit, CancellationToken cancellationToken)
    {
        using var connection = Connect(cancellationToken);
        using var rows = new VectorVisit(connection.NativeConnection, _threads, visit);
        try
        {
            using var count = QueryVectors(rows.Statement(statement), cancellationToken);
            while (count.Read())
            {
            }
        }
        catch (FeatureException)
        {
            rows.ThrowIfFailed();
            throw;
        }
    }

    /// <summary>As <see cref="Query"/>, row by row of the engine's vectors.</summary>
    /// <param name="columns">Columns of the result.</param>
    public DuckDbCursor QueryCursor(string statement, int columns, CancellationToken cancellationToken) => new(QueryVectors(statement, cancellationToken), columns);

    /// <summary>Names and engine types of the columns of a scan, without those that the scan itself adds.</summary>
    public Dictionary<string, string> Describe(string scan, CancellationToken cancellationToken)
    {
        var columns = new Dictionary<string, string>(StringComparer.Ordinal);
        using var rows = Query($"DESCRIBE SELECT * EXCLUDE (file_row_number, filename) FROM {scan}", cancellationToken);
        while (rows.Read())
        {
            columns.Add(rows.GetString(0), rows.GetString(1));
        }

        return columns;
    }

    public void Dispose()
    {
        _connection.Dispose();
        foreach (var function in _filters.Values)
        {
            function.Dispose();
        }

        _spill.Dispose();
    }

    internal static Exception Translate(DuckDBException exception, CancellationToken cancellationToken) =>
        Translate(exception.Message, exception.ErrorType, exception, cancellationToken);

    internal static Exception Translate(string message, DuckDBErrorType type, Exception? cause, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return new OperationCanceledException("The operation was cancelled.", cause, cancellationToken);
        }

        // A streamed query whose task ran out of memory may say this and nothing else.
        if (message.Contains("unsuccessful or closed pending query result", StringComparison.Ordinal))
        {
            return new FeatureException(
                FeatureError.StoreUnavailable,
                "The offline engine stopped amid a query and does not say why; too little memory does this: try again with a larger Features:Offline:MemoryLimitMiB.", cause);
        }

        // Neither a full disk nor too little memory is in the data. The engine tells some failures of the disk as others.
        if (message.Contains("No space left on device", StringComparison.Ordinal) || message.Contains("File too large", StringComparison.Ordinal))
        {
            return new FeatureException(FeatureError.StoreUnavailable, Stopped + FirstLineOf(message), cause);
        }

        // A query that fails while its rows are fetched tells it in words alone, now and then.
        return type is DuckDBErrorType.OutOfMemory || message.AsSpan().TrimStart().StartsWith("Out of Memory Error", StringComparison.Ordinal)
            ? new FeatureException(
                FeatureError.StoreUnavailable,
                $"The offline engine has too little memory, as for large texts and lists: {FirstLineOf(message)}. Try again with a larger Features:Offline:MemoryLimitMiB.", cause)
            : new FeatureException(FeatureError.InvalidInput, Stopped + FirstLineOf(message), cause);
    }

    private DuckDBConnection Connect(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_duplication)
        {
            var connection = _connection.Duplicate();
            connection.Open();
            return connection;
        }
    }

    internal static string FirstLineOf(string message) => message.AsSpan().TrimStart().ToString().Split('\n', 2)[0].TrimEnd();

    private sealed class ThreadLimit(DuckDbSession session) : IDisposable
    {
        public void Dispose() =>
            session.Execute(string.Create(CultureInfo.InvariantCulture, $"SET threads = {session._threads}"), CancellationToken.None);
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;
using Apache.Arrow.Ipc;
using DuckDB.NET.Data;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Parquet;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>A point-in-time training set against hand-written ASOF SQL of the same engine on the same files, and against pandas.</summary>
/// <remarks>
/// Options: <c>--features=N</c> and <c>--spine=N</c> rows, <c>--memory=MiB</c>, <c>--rounds=N</c>, <c>--only</c> (without the others); <c>--views=N</c> last-value views of
/// 5 features and <c>--windows=N</c> windowed views of 5 features instead of the one view, for the time and memory of many at once. Views are compared with SQL of one ASOF join
/// each, windows with nothing; pandas is compared where there is one view. <c>--shuffled</c>: feature rows come in no order of time. <c>--folder=PATH</c>: tables are made there once, and stay: with <c>--rounds=0 --only</c> each call is the first join of a
/// process and nothing else.
/// </remarks>
internal static class TrainingSetBenchmark
{
    private const int Entities = 100_000;

    public static async Task RunAsync(string[] options, CancellationToken cancellationToken)
    {
        var (features, spine, memory, rounds) = (Option(options, "features", 10_000_000), Option(options, "spine", 1_000_000), (int)Option(options, "memory", 1280), (int)Option(options, "rounds", 5));
        var kept = options.FirstOrDefault(static option => option.StartsWith("--folder=", StringComparison.Ordinal))?["--folder=".Length..];
        var folder = kept ?? Directory.CreateTempSubdirectory("zeroworld-training-set-").FullName;
        try
        {
            Console.WriteLine($"{features:N0} feature rows of {Entities:N0} entities, {spine:N0} spine rows, 5 features, {Environment.ProcessorCount} processors, {memory} MiB");
            if (kept is null || !Directory.Exists(Path.Combine(folder, "offline")))
            {
                MakeTables(folder, features, spine, Path.Combine(folder, "offline", "default"), options.Contains("--shuffled"));
            }

            var store = new DuckDbOfflineStore(
                new ParquetOfflineOptions { DataDirectory = folder, MemoryLimitMiB = memory }, TimeProvider.System, NullLogger<DuckDbOfflineStore>.Instance);
            var (views, windows) = ((int)Option(options, "views", 1), (int)Option(options, "windows", 0));
            var request = Request(folder, views, windows);
            var (mine, theirs) = (new List<double>(), new List<double>());
            var set = default(TrainingSet);
            var isAlone = options.Contains("--only") || windows > 0;
            Console.WriteLine($"{request.Plan.Service.Columns.Count} features of {views} last-value and {windows} windowed views");
            for (var round = 0; round <= rounds; round++)
            {
                var (before, compiled) = (Environment.CpuUsage.TotalTime, JitInfo.GetCompilationTime());
                var training = await TimeAsync(async () => set = await store.BuildTrainingSetAsync(request, null, cancellationToken));
                var (processor, peak) = (Environment.CpuUsage.TotalTime, PeakMemoryMiB());
                var sql = isAlone ? 0 : await TimeAsync(() => Task.Run(() => JoinBySql(folder, memory, views), cancellationToken));
                Console.WriteLine($"  round {round}: training set {training:F2} s of {set!.Rows:N0} rows, {(processor - before).TotalSeconds:F2} s of processor, {(JitInfo.GetCompilationTime() - compiled).TotalSeconds:F2} s of it compiling, peak memory {peak:N0} MiB; ASOF SQL {sql:F2} s, {(Environment.CpuUsage.TotalTime - processor).TotalSeconds:F2} s of processor");

                // Round 0 warms up and is not counted, unless it is the only one.
                if (round > 0 || rounds == 0)
                {
                    mine.Add(training);
                    theirs.Add(sql);
                }
            }

            if (isAlone)
            {
                return;
            }

            var ratio = mine.Zip(theirs, static (one, other) => one / other).Order().ElementAt(rounds / 2);
            Console.WriteLine($"  training set {Median(mine):F2} s, ASOF SQL {Median(theirs):F2} s; ratio {ratio:F2}, the median of the rounds' own (bar: at most 1.5)");
            if (views > 1)
            {
                return;
            }

            Compare(folder);
            var started = Environment.CpuUsage.TotalTime;
            var floor = await TimeAsync(() => Task.Run(() => Scan(folder, memory), cancellationToken));
            Console.WriteLine($"  reading the same columns alone, and nothing else: {floor:F2} s, {(Environment.CpuUsage.TotalTime - started).TotalSeconds:F2} s of processor");
            await ComparePandasAsync(store, request, folder, Median(mine), rounds, cancellationToken);
        }
        finally
        {
            if (kept is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    // Equal jobs: both read the same rows, join with the ttl, and give all columns in the order of the input. Ours reads Parquet in both.
    private static async Task ComparePandasAsync(DuckDbOfflineStore store, TrainingSetRequest request, string folder, double files, int rounds, CancellationToken cancellationToken)
    {
        var memory = Directory.CreateTempSubdirectory("zeroworld-arrow-");
        var path = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : memory.FullName, memory.Name + ".arrow");
        try
        {
            var streams = new List<double>();
            for (var round = 0; round <= rounds; round++)
            {
                streams.Add(await TimeAsync(async () =>
                {
                    var set = await store.BuildTrainingSetAsync(request with { OutputPath = path }, null, cancellationToken);
                    Read(set);
                }));
            }

            using var connection = Open(Path.Combine(folder, "engine"), 1024);
            var timeToLive = ((LastValueView)request.Plan.Views[0].View).TimeToLive!.Value;
            if (await PandasJoin.RunAsync(connection, folder, timeToLive, Math.Min(rounds, 2), cancellationToken) is { } pandas)
            {
                var stream = Median(streams[1..]);
                Console.WriteLine($"  Parquet to an Arrow stream, read to its end: {stream:F2} s; pandas from memory to memory {pandas.Memory:F2} s, {pandas.Memory / stream:F1} times as long (bar: 5)");
                Console.WriteLine($"  Parquet to Parquet: {files:F2} s; pandas from .npy to .npy {pandas.Files:F2} s, {pandas.Files / files:F1} times as long (bar: 5)");
            }
        }
        finally
        {
            File.Delete(path);
            File.Delete(path + ".json");
            memory.Delete(recursive: true);
        }
    }

    // As a reader of Arrow does that maps the file: no column is copied, every value is looked at.
    private static void Read(TrainingSet set)
    {
        using var file = new MappedFile(set.Path);
        using var reader = new ArrowStreamReader(file.Memory);
        var (rows, sum) = (0L, 0L);
        while (reader.ReadNextRecordBatch() is { } batch)
        {
            rows += batch.Length;
            foreach (var column in batch.Arrays)
            {
                foreach (var value in MemoryMarshal.Cast<byte, long>(column.Data.Buffers[1].Span))
                {
                    sum ^= value;
                }
            }
        }

        if (rows != set.Rows || sum == 0)
        {
            throw new InvalidOperationException($"The Arrow stream has {rows} rows of {set.Rows}.");
        }
    }

    private static void MakeTables(string folder, long features, long spine, string tables, bool isShuffled)
    {
        Directory.CreateDirectory(Path.Combine(tables, "facts"));
        Directory.CreateDirectory(Path.Combine(tables, "reads"));
        using var connection = Open(Path.Combine(folder, "engine"), 2048);

        // A year of events, in the order in which they happened or in none; most are known within the hour.
        var step = 31_536_000_000_000 / features;
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"""
            COPY (SELECT (hash(i) % {Entities})::BIGINT AS k, make_timestamptz(1600000000000000 + i * {step}) AS event,
                make_timestamptz(1600000000000000 + i * {step} + (hash(i * 7) % 3600000000)::BIGINT) AS created,
                (hash(i * 3) % 1000) / 10.0::DOUBLE AS a, (hash(i * 5) % 1000) / 7.0::DOUBLE AS b, (hash(i * 11) % 1000)::BIGINT AS c,
                (hash(i * 13) % 1000) / 3.0::DOUBLE AS d, CASE WHEN i % 50 > 0 THEN (hash(i * 17) % 1000) / 9.0::DOUBLE END AS e
            FROM range({features}) t(i){(isShuffled ? " ORDER BY hash(i * 31)" : string.Empty)}) TO '{tables}/facts/part-0.parquet' (FORMAT parquet, COMPRESSION zstd)
            """));
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"""
            COPY (SELECT i AS id, (hash(i * 23) % {Entities})::BIGINT AS k, make_timestamptz(1600000000000000 + (hash(i * 29) % 31536000000000)::BIGINT) AS q, i % 2 AS label
            FROM range({spine}) t(i)) TO '{tables}/reads/part-0.parquet' (FORMAT parquet, COMPRESSION zstd)
            """));
    }

    private static TrainingSetRequest Request(string folder, int views, int windows)
    {
        var entity = new Entity { Name = "customer", Keys = [new EntityKey("k", FeatureType.Int64)] };
        var source = new ViewSource { Table = "facts", EventTimeColumn = "event", CreatedTimeColumn = "created", KeyColumns = ["k"] };
        FeatureView[] all =
        [
            .. Enumerable.Range(0, views).Select(view => new LastValueView
            {
                Project = "default",
                Name = $"facts_{view}",
                Entity = entity,
                Source = source,

                // Each another ttl, so that no two views have the same cells.
                TimeToLive = TimeSpan.FromDays(30 + view),
                Features = [.. "abde".Select(name => Feature(views == 1 ? $"{name}" : $"{name}_{view}", FeatureType.Float64, $"{name}")), Feature(views == 1 ? "c" : $"c_{view}", FeatureType.Int64, "c")],
            }),
            .. Enumerable.Range(0, windows).Select(view => new WindowedView
            {
                Project = "default",
                Name = $"windows_{view}",
                Entity = entity,
                Source = source,
                Features =
                [
                    Window($"count_{view}", AggregateFunction.Count, null, 1 + view), Window($"sum_{view}", AggregateFunction.Sum, "a", 2 + view), Window($"mean_{view}", AggregateFunction.Mean, "b", 7 + view),
                    Window($"max_{view}", AggregateFunction.Max, "d", 14 + view), Window($"spread_{view}", AggregateFunction.StandardDeviation, "a", 30),
                ],
            }),
        ];
        var service = new FeatureService
        {
            Project = "default",
            Name = "benchmark",
            RequestValues = [],
            Transforms = [],
            Columns = [.. all.SelectMany(static view => view.Fields.Select((field, index) => new ServiceColumn { Name = field.Name, Type = field.Type, View = view, Field = index }))],
            Fingerprint = new string('0', 64),
        };
        return new TrainingSetRequest
        {
            Plan = new FeatureServicePlan(service, static _ => true),
            Spine = "reads",
            TimeColumn = "q",
            KeyColumns = new Dictionary<string, string> { ["k"] = "k" },
            RequestColumns = new Dictionary<string, string>(),
            PassThrough = ["id", "label"],
            OutputPath = Path.Combine(folder, "set.parquet"),
        };
    }

    private static LastValueFeature Feature(string name, FeatureType type, string column) => new(new FeatureField(name, type, FeatureValue.Null(type), false), column);

    private static WindowFeature Window(string name, AggregateFunction function, string? column, int days)
    {
        var type = WindowFeature.ResultTypeOf(function, FeatureType.Float64);
        return new WindowFeature(new FeatureField(name, type, FeatureValue.Null(type), false), function, column, TimeSpan.FromDays(days));
    }

    // What one would write for these joins, one of each view: no created time, no ttl, no ties, no order.
    private static void JoinBySql(string folder, int memory, int views)
    {
        using var connection = Open(Path.Combine(folder, "engine"), memory);
        var columns = Enumerable.Range(0, views).Select(view => string.Join(", ", "abdec".Select(name => views == 1 ? $"f{view}.{name}" : $"f{view}.{name} AS {name}_{view}")));
        var joins = Enumerable.Range(0, views).Select(view => $"ASOF LEFT JOIN '{folder}/offline/default/facts/part-0.parquet' f{view} ON s.k = f{view}.k AND s.q >= f{view}.event");
        Execute(connection, $"""
            COPY (SELECT s.id, s.label, s.q AS time, {string.Join(", ", columns)}
            FROM '{folder}/offline/default/reads/part-0.parquet' s {string.Join(' ', joins)})
            TO '{folder}/sql.parquet' (FORMAT parquet, COMPRESSION zstd)
            """);
    }

    // The least that any join of these files must do: every value that it reads is decoded once. A sum makes the engine look at each.
    private static void Scan(string folder, int memory)
    {
        using var connection = Open(Path.Combine(folder, "engine"), memory);
        Execute(connection, $"SELECT sum(k), max(event), max(created), sum(a), sum(b), sum(c), sum(d), sum(e) FROM '{folder}/offline/default/facts/part-0.parquet'");
    }

    // Rows whose newest event is known at q, is fresh, and alone at its time must be equal in both.
    private static void Compare(string folder)
    {
        using var connection = Open(Path.Combine(folder, "engine"), 1024);
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT count(*), count(*) FILTER (x.a IS NOT DISTINCT FROM y.a AND x.c IS NOT DISTINCT FROM y.c) FROM '{folder}/set.parquet' x JOIN '{folder}/sql.parquet' y USING (id)
            """;
        using var row = command.ExecuteReader();
        row.Read();
        Console.WriteLine($"  {row.GetInt64(1):N0} of {row.GetInt64(0):N0} rows are what the SQL gives; the others differ by created time and ttl");
        if (row.GetInt64(1) < row.GetInt64(0) / 2)
        {
            throw new InvalidOperationException("Fewer than half of the rows agree with the SQL: one of the two is wrong.");
        }
    }

    private static DuckDBConnection Open(string spill, int memory)
    {
        var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        Execute(connection, $"SET memory_limit = '{memory}MiB'; SET temp_directory = '{spill}'; SET TimeZone = 'UTC'");
        return connection;
    }

    private static void Execute(DuckDBConnection connection, string statement)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }

    private static async Task<double> TimeAsync(Func<Task> action)
    {
        var started = Stopwatch.GetTimestamp();
        await action();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static long PeakMemoryMiB() => File.Exists("/proc/self/status")
        ? long.Parse(File.ReadLines("/proc/self/status").First(static line => line.StartsWith("VmHWM", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024
        : Process.GetCurrentProcess().PeakWorkingSet64 >> 20;

    private static long Option(string[] options, string name, long absent) =>
        options.FirstOrDefault(option => option.StartsWith($"--{name}=", StringComparison.Ordinal)) is { } text
            ? long.Parse(text.AsSpan(name.Length + 3), NumberStyles.AllowThousands, CultureInfo.InvariantCulture)
            : absent;
}

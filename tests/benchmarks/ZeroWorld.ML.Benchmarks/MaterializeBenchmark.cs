using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using DuckDB.NET.Data;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>A materialization from Parquet, and its writes alone, against pipelined HSETs of the same bytes by the same client that look at nothing.</summary>
internal static class MaterializeBenchmark
{
    // In the smaller one what a run costs once counts three times as much.
    private static readonly int[] Sizes = [100_000, 300_000];
    private const int Rounds = 5;
    private const int LargeEntities = 1_000_000;
    private const int LargeRounds = 3;
    private const double RatioMin = 0.6;

    // The runtime compiles what is hot a second and a third time: a materialization has many times the methods of a loop of HSETs, and this takes the processors from
    // whatever is measured meanwhile. So rounds are not counted until hardly any method is compiled in one.
    private const int WarmRoundsMax = 15;
    private const int WarmMethods = 40;

    public static async Task RunAsync(OnlineServer server, CancellationToken cancellationToken)
    {
        foreach (var entities in Sizes)
        {
            await RunAsync(server, entities, Rounds, cancellationToken);
        }
    }

    /// <summary>As many entities as a user has; what a run costs once counts for little.</summary>
    public static Task RunLargeAsync(OnlineServer server, CancellationToken cancellationToken) => RunAsync(server, LargeEntities, LargeRounds, cancellationToken);

    private static async Task RunAsync(OnlineServer server, int entities, int rounds, CancellationToken cancellationToken)
    {
        using var folder = new TempFolder();
        var (rows, events) = (View("rows", isWindow: false), View("events", isWindow: true));
        WriteTable(folder.Path, entities);
        var offline = new DuckDbOfflineStore(new ParquetOfflineOptions { DataDirectory = folder.Path, MemoryLimitMiB = 1024 }, TimeProvider.System, NullLogger<DuckDbOfflineStore>.Instance);
        Console.WriteLine($"{entities} entities, {server.Name}; medians of {rounds} rounds that alternate:");
        await MeasureAsync("rows of 10 float64", rows, () => ReadAsync(offline, rows, history => history.ReadRowsAsync(All, cancellationToken), cancellationToken), static item => (item.Entity, item.Row));
        await MeasureAsync("blocks of 5 events", events, () => ReadAsync(offline, events, history => history.ReadEventsAsync(All, cancellationToken), cancellationToken), static item => (item.Entity, item.Block));

        async Task MeasureAsync<T>(string name, StorageField field, Func<Task<List<T>>> read, Func<T, (EntityId Entity, ReadOnlyMemory<byte> Bytes)> bytesOf)
        {
            var (raw, writes, reads, whole) = (new List<Cost>(), new List<Cost>(), new List<Cost>(), new List<Cost>());
            var (warm, compiled) = (0, JitInfo.GetCompiledMethodCount());
            while (whole.Count < warm + rounds)
            {
                List<T> items = [];
                reads.Add(await CostOfAsync(server, async () => items = await read()));
                await server.Raw.ExecuteAsync("FLUSHALL");
                raw.Add(await CostOfAsync(server, () => WriteRawAsync(server.Raw, field.Name, items.ConvertAll(item => bytesOf(item)))));
                await server.Raw.ExecuteAsync("FLUSHALL");
                writes.Add(await CostOfAsync(server, () => items is List<OnlineRowWrite> rowItems
                    ? server.Store.WriteRowsAsync(field, rowItems, cancellationToken)
                    : server.Store.AppendEventsAsync(field, (List<WindowAppend>)(object)items, long.MinValue, cancellationToken)));
                await server.Raw.ExecuteAsync("FLUSHALL");
                whole.Add(await CostOfAsync(server, () => new Materializer(offline, server.Store, TimeProvider.System).RunAsync([field], null, cancellationToken)));
                var before = compiled;
                compiled = JitInfo.GetCompiledMethodCount();
                if (whole.Count == warm + 1 && compiled - before > WarmMethods && warm < WarmRoundsMax)
                {
                    warm++;
                }
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {warm} rounds until all is compiled; in the first, {raw[0].Seconds / whole[0].Seconds:F2} of the speed"));
            foreach (var costs in new[] { raw, writes, reads, whole })
            {
                costs.RemoveRange(0, warm);
            }

            Print($"{name}: raw HSET, pipelined", entities, raw, raw, null);
            Print($"{name}: the store's writes", entities, writes, raw, RatioMin);
            Print($"{name}: reading Parquet alone", entities, reads, raw, null);
            Print($"{name}: zwml materialize, from Parquet", entities, whole, raw, RatioMin);
        }
    }

    private static MaterializationRange All { get; } = new(long.MinValue, long.MaxValue, long.MinValue);

    private static async Task<List<T>> ReadAsync<T>(
        DuckDbOfflineStore offline, StorageField field, Func<IViewHistory, IAsyncEnumerable<HistoryBatch<T>>> read, CancellationToken cancellationToken)
    {
        var items = new List<T>();
        await using var history = await offline.OpenHistoryAsync(field, cancellationToken);
        await foreach (var batch in read(history))
        {
            items.AddRange(batch.Items);
        }

        return items;
    }

    private static async Task WriteRawAsync(IDatabase database, RedisValue field, List<(EntityId Entity, ReadOnlyMemory<byte> Bytes)> items)
    {
        // As many unanswered as the store allows itself.
        var unansweredMax = new RedisOnlineStoreOptions().WritesInFlightMax;
        var unanswered = new Queue<Task>();
        foreach (var (entity, bytes) in items)
        {
            if (unanswered.Count == unansweredMax)
            {
                await unanswered.Dequeue();
            }

            unanswered.Enqueue(database.HashSetAsync($"z1:{{{entity.Project}/{entity.Entity}/{entity.Key}}}:r", field, bytes));
        }

        await Task.WhenAll(unanswered);
    }

    private static async Task<Cost> CostOfAsync(OnlineServer server, Func<Task> action)
    {
        // What one measurement leaves behind, the next one's collections would carry along.
        GC.Collect();
        var (started, client, redis) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime, await ReadCpuAsync(server));
        await action();
        return new Cost(
            Stopwatch.GetElapsedTime(started).TotalSeconds, (Environment.CpuUsage.TotalTime - client).TotalSeconds, await ReadCpuAsync(server) - redis);
    }

    /// <returns>Seconds of processor time that the server took since it started; 0 where it does not tell (Garnet runs in this process).</returns>
    private static async Task<double> ReadCpuAsync(OnlineServer server)
    {
        var lines = ((string)(await server.Raw.ExecuteAsync("INFO", "cpu"))!).Split("\r\n");
        return lines.Where(static line => line.StartsWith("used_cpu_sys:", StringComparison.Ordinal) || line.StartsWith("used_cpu_user:", StringComparison.Ordinal))
            .Sum(static line => double.Parse(line.AsSpan(line.IndexOf(':') + 1), CultureInfo.InvariantCulture));
    }

    private static void Print(string name, int entities, List<Cost> costs, List<Cost> raw, double? bar)
    {
        var ratio = Median(costs.Zip(raw, static (mine, first) => first.Seconds / mine.Seconds));
        var verdict = bar is { } least ? string.Create(CultureInfo.InvariantCulture, $"   bar {least:F1}: {(ratio >= least ? "met" : "NOT met")}") : "";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-56}{entities / Median(costs.Select(static cost => cost.Seconds)),10:F0}/s   us of CPU per entity: {Micros(entities, costs, static cost => cost.Client),5:F1} here, {Micros(entities, costs, static cost => cost.Server),5:F1} in the server   {ratio,6:F2} of its speed{verdict}"));
    }

    private static double Micros(int entities, List<Cost> costs, Func<Cost, double> seconds) => Median(costs.Select(seconds)) * 1e6 / entities;

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static StorageField View(string name, bool isWindow)
    {
        var features = isWindow
            ? "window: { history: 3650d }, features: [ { name: s, aggregate: sum, of: c0, window: 1d } ]"
            : $"features: [ {string.Join(", ", Enumerable.Range(0, 10).Select(static index => $"{{ name: f{index}, type: float64, column: c{index} }}"))} ]";
        var set = DefinitionLoader.Load([new DefinitionFile("a.yaml", $$"""
            version: 1
            entities: [ { name: customer, keys: [ { name: k, type: int64 } ] } ]
            feature_views: [ { name: {{name}}, entity: customer, source: { table: {{name}}, event_time: event, {{(isWindow ? "event_id: id" : "created_time: created")}} }, {{features}} } ]
            """)]);
        return StorageField.Of(set.Views[0], hasIntegerEventId: true);
    }

    private static void WriteTable(string folder, int entities)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        foreach (var (table, rows) in new[] { ("rows", entities), ("events", 5 * entities) })
        {
            var path = Path.Combine(folder, "offline", "default", table);
            Directory.CreateDirectory(path);
            using var command = connection.CreateCommand();
            command.CommandText = string.Create(CultureInfo.InvariantCulture, $"""
                COPY (SELECT i AS id, (i * 7919) % {entities} AS k, make_timestamptz(1600000000000000 + i * 1000000) AS event, make_timestamptz(1600000000000500 + i * 1000000) AS created,
                    {string.Join(", ", Enumerable.Range(0, 10).Select(static index => $"(hash(i * {index + 3}) % 100000) / 7.0::DOUBLE AS c{index}"))}
                FROM range({rows}) t(i)) TO '{path}/part-0.parquet' (FORMAT parquet, COMPRESSION zstd)
                """);
            command.ExecuteNonQuery();
        }
    }

    /// <param name="Seconds">On the clock.</param>
    /// <param name="Client">Processor seconds of this process.</param>
    /// <param name="Server">Processor seconds of the server.</param>
    private readonly record struct Cost(double Seconds, double Client, double Server);
}

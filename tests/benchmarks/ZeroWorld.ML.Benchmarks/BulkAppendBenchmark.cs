using System.Diagnostics;
using StackExchange.Redis;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>What materialization does: the first load, the load of one more day, and the repeat of everything.</summary>
internal static class BulkAppendBenchmark
{
    private const int Entities = 15_000;

    public static async Task RunAsync(OnlineServer server, CancellationToken cancellationToken)
    {
        var fraud = new FraudEntities();
        var customers = fraud.Customers(Entities);
        Console.WriteLine($"{Entities} entities with {FraudEntities.CustomerEvents} events each, {server.Name}:");

        var raw = await TimeAsync(() => WriteRawAsync(server.Raw, fraud.Customer.Name, customers));
        var first = await TimeAsync(() => server.Store.AppendEventsAsync(fraud.Customer, customers, long.MinValue, cancellationToken));
        var repeat = await TimeAsync(() => server.Store.AppendEventsAsync(fraud.Customer, customers, long.MinValue, cancellationToken));
        var day = customers.ConvertAll(append => new WindowAppend(append.Entity, FraudEntities.Block(fraud.Customer, Entities + 1, 5)));
        var more = await TimeAsync(() => server.Store.AppendEventsAsync(fraud.Customer, day, long.MinValue, cancellationToken));

        Print("raw HSET, pipelined", raw, raw);
        Print("first load", first, raw);
        Print("5 events more each", more, raw);
        Print("repeat of the first load", repeat, raw);
    }

    private static async Task WriteRawAsync(IDatabase database, RedisValue field, List<WindowAppend> appends)
    {
        foreach (var chunk in appends.Chunk(256))
        {
            await Task.WhenAll(chunk.Select(append => database.HashSetAsync($"raw:{append.Entity.Key}", field, (RedisValue)append.Block)));
        }
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> action)
    {
        var started = Stopwatch.GetTimestamp();
        await action();
        return Stopwatch.GetElapsedTime(started);
    }

    private static void Print(string name, TimeSpan elapsed, TimeSpan raw) =>
        Console.WriteLine($"{name,-34}{elapsed.TotalSeconds,10:F2} s{Entities / elapsed.TotalSeconds,12:F0} entities/s{elapsed / raw,10:F2} ratio");
}

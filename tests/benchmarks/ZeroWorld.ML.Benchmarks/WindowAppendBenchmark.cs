using StackExchange.Redis;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>A push of one event into a block of 100 against a blind HSET of the whole block: what the atomic merge costs.</summary>
internal static class WindowAppendBenchmark
{
    private const int Entities = 1000;

    public static async Task RunAsync(OnlineServer server, CancellationToken cancellationToken)
    {
        var fraud = new FraudEntities();
        var customers = fraud.Customers(Entities);
        await server.Store.AppendEventsAsync(fraud.Customer, customers, long.MinValue, cancellationToken);
        var appended = 0;

        Console.WriteLine($"Append of 1 event to a block of about {FraudEntities.CustomerEvents}, {server.Name}, one at a time:");
        await new InterleavedRounds(rounds: 9, operations: 1000).RunAsync(
            cancellationToken,
            ("raw HSET of the block", async number => await server.Raw.HashSetAsync(
                $"raw:{number % Entities}", fraud.Customer.Name, (RedisValue)customers[number % Entities].Block)),
            ("append", async number =>
            {
                var eventNumber = Interlocked.Increment(ref appended);
                await server.Store.AppendEventsAsync(fraud.Customer, [Append(fraud, number % Entities, eventNumber)], long.MinValue, cancellationToken);
            }),
            ("repeated append", async number => await server.Store.AppendEventsAsync(
                fraud.Customer, [customers[number % Entities]], long.MinValue, cancellationToken)));
        await CheckAsync(server, fraud, appended, cancellationToken);
    }

    private static WindowAppend Append(FraudEntities fraud, int customer, int eventNumber)
    {
        var builder = new WindowBlockBuilder(fraud.Customer);
        builder.Add(FraudEntities.Now + eventNumber, FraudEntities.Now + eventNumber, FeatureValue.FromInt64(-eventNumber), "", [FeatureValue.FromFloat64(1)]);
        return new WindowAppend(FraudEntities.Id("customer", customer), builder.Build());
    }

    private static async Task CheckAsync(OnlineServer server, FraudEntities fraud, int appended, CancellationToken cancellationToken)
    {
        var reads = Enumerable.Range(0, Entities).Select(number => new OnlineRead(FraudEntities.Id("customer", number), [fraud.Customer])).ToList();
        await server.Store.ReadAsync(reads, cancellationToken);
        var events = reads.Sum(read => (read.Payloads[0]!.Value.Length - WindowBlockCodec.HeaderLength) / WindowBlockCodec.RowWidth(fraud.Customer));
        if (events != (Entities * FraudEntities.CustomerEvents) + appended)
        {
            throw new InvalidOperationException($"The blocks hold {events} events; expected {(Entities * FraudEntities.CustomerEvents) + appended}.");
        }
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>The features of one transaction (2 entities, 12 windowed features and 2 transforms) against two raw HMGETs of the same bytes.</summary>
internal static class OnlineReadBenchmark
{
    private const int Entities = 1000;

    public static async Task RunAsync(OnlineServer server, CancellationToken cancellationToken)
    {
        var fraud = new FraudEntities();
        var (customers, terminals) = (fraud.Customers(Entities), fraud.Terminals(Entities));
        await server.Store.AppendEventsAsync(fraud.Customer, customers, long.MinValue, cancellationToken);
        await server.Store.AppendEventsAsync(fraud.Terminal, terminals, long.MinValue, cancellationToken);
        await using var coalescer = new OnlineReadCoalescer(
            server.Store, new OnlineReadCoalescerOptions(), TimeProvider.System, NullLogger<OnlineReadCoalescer>.Instance);
        var raw = new RawReader(server.Raw, fraud);
        var reader = new FraudReader(fraud, server.Store, coalescer);
        await CheckAsync(raw, reader, customers, terminals, cancellationToken);

        Console.WriteLine($"Online read of 2 entities x 14 features ({FraudEntities.CustomerEvents} and {FraudEntities.TerminalEvents} events), {server.Name}, one at a time:");
        await new InterleavedRounds(rounds: 9, operations: 2000).RunAsync(
            cancellationToken,
            ("raw HMGET pair", async number => await raw.ReadAsync(number % Entities)),
            ("store", async number => await reader.ReadStoreAsync(number % Entities, cancellationToken)),
            ("coalescer", async number => await reader.ReadAsync(number % Entities, cancellationToken)),
            ("coalescer, aggregated to a row", async number => reader.Build(await reader.ReadAsync(number % Entities, cancellationToken))));

        foreach (var parallel in new[] { 16, 64 })
        {
            Console.WriteLine();
            Console.WriteLine($"{parallel} at a time, per group of {parallel} (throughput):");
            await new InterleavedRounds(rounds: 9, operations: 4000 / parallel).RunAsync(
                cancellationToken,
                ("raw HMGET pairs", number => AllAsync(parallel, async index => await raw.ReadAsync(((number * parallel) + index) % Entities))),
                ("coalescer, aggregated to rows", number => AllAsync(
                    parallel, async index => reader.Build(await reader.ReadAsync(((number * parallel) + index) % Entities, cancellationToken)))));
        }
    }

    private static async ValueTask AllAsync(int count, Func<int, Task> operation)
    {
        var tasks = new Task[count];
        for (var index = 0; index < count; index++)
        {
            tasks[index] = operation(index);
        }

        await Task.WhenAll(tasks);
    }

    private static async Task CheckAsync(
        RawReader raw, FraudReader reader, List<WindowAppend> customers, List<WindowAppend> terminals, CancellationToken cancellationToken)
    {
        for (var number = 0; number < Entities; number++)
        {
            var (customer, terminal) = await raw.ReadAsync(number);
            var answers = await reader.ReadAsync(number, cancellationToken);
            var row = reader.Build(answers);
            var columns = reader.Columns;
            if (!customer.Span.SequenceEqual(customers[number].Block.Span)
                || !terminal.Span.SequenceEqual(terminals[number].Block.Span)
                || !answers[0].Payloads[0]!.Value.Span.SequenceEqual(customer.Span)
                || !answers[1].Payloads[0]!.Value.Span.SequenceEqual(terminal.Span)
                || row[columns.IndexOf("customer_tx_count_30d")].Value.AsInt64() != FraudEntities.CustomerEvents + 1
                || row[columns.IndexOf("terminal_tx_count_30d")].Value.AsInt64() is < 1 or > FraudEntities.TerminalEvents)
            {
                throw new InvalidOperationException($"The row of entity {number} is not what was stored.");
            }
        }
    }

    /// <summary>What a user of the client library would write.</summary>
    private sealed class RawReader(IDatabase database, FraudEntities fraud)
    {
        private readonly RedisValue[] _customer = [fraud.Customer.Name];
        private readonly RedisValue[] _terminal = [fraud.Terminal.Name];

        public async Task<(ReadOnlyMemory<byte> Customer, ReadOnlyMemory<byte> Terminal)> ReadAsync(int number)
        {
            var customer = database.HashGetAsync($"z1:{{default/customer/i{number}}}:w", _customer);
            var terminal = database.HashGetAsync($"z1:{{default/terminal/i{number}}}:w", _terminal);
            return ((await customer)[0], (await terminal)[0]);
        }
    }

    /// <summary>What the feature stage of the server does.</summary>
    private sealed class FraudReader(FraudEntities fraud, IOnlineStore store, OnlineReadCoalescer coalescer)
    {
        private readonly StorageField[] _customer = [fraud.Customer];
        private readonly StorageField[] _terminal = [fraud.Terminal];
        private readonly bool _isCustomerFirst = fraud.Plan.Views[0].Field.Name == fraud.Customer.Name;

        public List<string> Columns { get; } = [.. fraud.Plan.Service.Columns.Select(static column => column.Name)];

        public async ValueTask ReadStoreAsync(int number, CancellationToken cancellationToken)
        {
            OnlineRead[] reads = [new(FraudEntities.Id("customer", number), _customer), new(FraudEntities.Id("terminal", number), _terminal)];
            await store.ReadAsync(reads, cancellationToken);
        }

        public async Task<OnlineReadAnswer[]> ReadAsync(int number, CancellationToken cancellationToken)
        {
            var answers = new OnlineReadAnswer[2];
            var isAccepted = await coalescer.TryReadAsync(
                [new(FraudEntities.Id("customer", number), _customer), new(FraudEntities.Id("terminal", number), _terminal)],
                answers,
                TimeSpan.FromSeconds(5),
                cancellationToken);
            return isAccepted && answers[0].IsAvailable && answers[1].IsAvailable
                ? answers
                : throw new InvalidOperationException("The store did not answer in time; the numbers would mean nothing.");
        }

        public FeatureCell[] Build(OnlineReadAnswer[] answers)
        {
            var row = new FeatureCell[Columns.Count];
            var customer = new ViewPayload(ViewPayloadState.Answered, answers[0].Payloads[0]!.Value, long.MinValue);
            var terminal = new ViewPayload(ViewPayloadState.Answered, answers[1].Payloads[0]!.Value, long.MinValue);
            ReadOnlySpan<ViewPayload> views = _isCustomerFirst ? [customer, terminal] : [terminal, customer];
            fraud.Plan.BuildRow(FraudEntities.Now, [FeatureValue.FromFloat64(12.5)], views, row);
            return row;
        }
    }
}

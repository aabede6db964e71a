using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>50 features in 5 views, both layouts: against raw HMGETs of the same bytes through the same client, at half load, and what they take in memory.</summary>
internal static class FeatureReadBenchmark
{
    private const int Entities = 2000;
    private const int Batch = 100;

    public static async Task RunAsync(OnlineServer server, CancellationToken cancellationToken)
    {
        foreach (var fifty in (FiftyFeatures[])[new FiftyFeatures(isWindows: false), new FiftyFeatures(isWindows: true)])
        {
            await fifty.WriteAsync(server.Store, Entities, cancellationToken);
            await using var coalescer = new OnlineReadCoalescer(
                server.Store, new OnlineReadCoalescerOptions(), TimeProvider.System, NullLogger<OnlineReadCoalescer>.Instance);
            var raw = new RawReader(server.Raw, fifty);
            var reader = new Reader(fifty, server.Store, coalescer);
            await CheckAsync(reader, fifty, cancellationToken);

            Console.WriteLine($"50 features in 5 views as {fifty.Name}, {server.Name}, 1 entity at a time (bar: 1.3 of the raw HMGET at p50):");
            await new InterleavedRounds(rounds: 9, operations: 1500).RunAsync(
                cancellationToken,
                ("raw HMGET of the 5 fields", async number => await raw.ReadAsync(number % Entities)),
                ("store", async number => await reader.ReadStoreAsync(number % Entities, cancellationToken)),
                ("coalescer", async number => await reader.ReadAsync(number % Entities, 1, cancellationToken)),
                ("coalescer, to a tensor row", async number => reader.Build(await reader.ReadAsync(number % Entities, 1, cancellationToken))));

            await PrintBuildAsync(reader, cancellationToken);
            Console.WriteLine();
            Console.WriteLine($"{Batch} entities at a time:");
            await new InterleavedRounds(rounds: 7, operations: 100).RunAsync(
                cancellationToken,
                ("100 raw pipelined HMGETs", async number => await raw.ReadManyAsync(number * Batch % Entities, Batch)),
                ("coalescer", async number => await reader.ReadAsync(number * Batch % Entities, Batch, cancellationToken)),
                ("coalescer, to tensor rows", async number => reader.Build(await reader.ReadAsync(number * Batch % Entities, Batch, cancellationToken))));

            Console.WriteLine();
            await HalfLoad.RunAsync(
                cancellationToken,
                ("coalescer, to tensor rows", async number => reader.Build(await reader.ReadAsync(number * Batch % Entities, Batch, cancellationToken))),
                ("100 raw pipelined HMGETs", number => raw.ReadManyAsync(number * Batch % Entities, Batch)));
            Console.WriteLine();
        }

        if (!server.Name.Contains("Garnet", StringComparison.Ordinal))
        {
            await LayoutMemory.RunAsync(server, cancellationToken);
        }
    }

    /// <summary>What of the tensor row is work of this process alone: its bytes are read already.</summary>
    private static async Task PrintBuildAsync(Reader reader, CancellationToken cancellationToken)
    {
        const int Rows = 20_000;
        var answers = await reader.ReadAsync(0, 1, cancellationToken);
        var sum = 0f;
        for (var round = 0; round < 3; round++)
        {
            var (started, allocated) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
            for (var row = 0; row < Rows; row++)
            {
                sum += reader.BuildAndKeep(answers)[0];
            }

            if (round == 2 && sum > 0)
            {
                Console.WriteLine($"a tensor row of bytes in hand: {Stopwatch.GetElapsedTime(started).TotalMicroseconds / Rows:F2} us, {(GC.GetAllocatedBytesForCurrentThread() - allocated) / Rows} B");
            }
        }
    }

    private static async Task CheckAsync(Reader reader, FiftyFeatures fifty, CancellationToken cancellationToken)
    {
        for (var number = 0; number < Entities; number += Batch)
        {
            var tensor = reader.Build(await reader.ReadAsync(number, Batch, cancellationToken));
            for (var index = 0; index < tensor.Length; index++)
            {
                var (row, column) = (index / 50, index % 50);
                if (tensor[index] != fifty.Expected(number + row, column))
                {
                    throw new InvalidOperationException($"Column {column} of entity {number + row} is {tensor[index]}; expected {fifty.Expected(number + row, column)}.");
                }
            }
        }
    }

    /// <summary>What a user of the client library would write.</summary>
    private sealed class RawReader(IDatabase database, FiftyFeatures fifty)
    {
        private readonly RedisValue[] _names = [.. fifty.Fields.Select(static field => (RedisValue)field.Name)];

        public async Task<int> ReadAsync(int number)
        {
            var values = await database.HashGetAsync(fifty.Key(number), _names);
            return values.Length;
        }

        public async Task ReadManyAsync(int first, int count)
        {
            var reads = new Task<RedisValue[]>[count];
            for (var index = 0; index < count; index++)
            {
                reads[index] = database.HashGetAsync(fifty.Key(first + index), _names);
            }

            await Task.WhenAll(reads);
        }
    }

    /// <summary>What the feature stage of the server does.</summary>
    private sealed class Reader(FiftyFeatures fifty, IOnlineStore store, OnlineReadCoalescer coalescer)
    {
        private readonly StorageField[] _fields = [.. fifty.Fields];

        public async ValueTask ReadStoreAsync(int number, CancellationToken cancellationToken)
        {
            OnlineRead[] reads = [new(FiftyFeatures.Id(number), _fields)];
            await store.ReadAsync(reads, cancellationToken);
        }

        public async ValueTask<OnlineReadAnswer[]> ReadAsync(int first, int count, CancellationToken cancellationToken)
        {
            var keys = new OnlineReadKey[count];
            for (var index = 0; index < count; index++)
            {
                keys[index] = new OnlineReadKey(FiftyFeatures.Id(first + index), _fields);
            }

            var answers = new OnlineReadAnswer[count];
            var isAccepted = await coalescer.TryReadAsync(keys, answers, TimeSpan.FromSeconds(5), cancellationToken);
            return isAccepted && Array.TrueForAll(answers, static answer => answer.IsAvailable)
                ? answers
                : throw new InvalidOperationException("The store did not answer in time; the numbers would mean nothing.");
        }

        public float[] Build(OnlineReadAnswer[] answers)
        {
            var tensor = BuildAndKeep(answers);
            foreach (var answer in answers)
            {
                answer.Release();
            }

            return tensor;
        }

        /// <summary>As <see cref="Build"/>, of answers that are used again.</summary>
        public float[] BuildAndKeep(OnlineReadAnswer[] answers)
        {
            var tensor = new float[answers.Length * 50];
            var (views, cells) = (new ViewPayload[FiftyFeatures.Views], new FeatureCell[50]);
            for (var row = 0; row < answers.Length; row++)
            {
                fifty.Build(answers[row].Payloads, views, cells, tensor.AsSpan(row * 50, 50));
            }

            return tensor;
        }
    }
}

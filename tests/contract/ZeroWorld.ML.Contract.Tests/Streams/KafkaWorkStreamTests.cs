using System.Text;
using Confluent.Kafka;
using ZeroWorld.ML.Features.Kafka;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>A Kafka topic as a work stream, against librdkafka's own brokers for tests.</summary>
/// <remarks>Those brokers take transactions but keep no offsets of them and show what was aborted: what a worker finds after a kill is Kafka's own promise, not tested here.</remarks>
public sealed class KafkaWorkStreamTests : IAsyncLifetime
{
    private const int Entries = 40;
    private readonly KafkaFeed _feed = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _feed.InitializeAsync();

    public ValueTask DisposeAsync() => _feed.DisposeAsync();

    [Fact]
    public async Task FinishAsync_RepeatedKey_TakesEffectOnce()
    {
        await PublishAsync();
        await using var stream = await OpenAsync("worker");
        var (count, took) = (0, 0);
        while (count < Entries + 1)
        {
            var entries = await stream.TakeAsync(10, TimeSpan.FromSeconds(1), Cancellation);
            count += entries.Count;
            took += (await stream.FinishAsync([.. entries.Select(Result)], Cancellation)).Count(static one => one);
        }

        var outputs = await ReadAsync("out.done");
        Assert.Equal(Entries, took);
        Assert.Equal(Enumerable.Range(0, Entries).Select(static item => $"item {item}").Order(StringComparer.Ordinal), outputs.Order(StringComparer.Ordinal));
        Assert.Empty(await stream.TakeAsync(10, TimeSpan.Zero, Cancellation));
    }

    [Fact]
    public async Task FinishAsync_OutputThatTheBrokerRefuses_ChangesNothingAndComesAgain()
    {
        await PublishAsync();
        await using var stream = await OpenAsync("worker");
        var entries = await TakeAsync(stream, 1);
        WorkResult[] tooLarge = [.. entries.Select(static entry => new WorkResult(entry.Id, "", [("out:done", new byte[2_000_000])]))];

        var error = await Assert.ThrowsAsync<FeatureException>(() => stream.FinishAsync(tooLarge, Cancellation));
        var again = await TakeAsync(stream, 1);

        Assert.Equal(FeatureError.StoreUnavailable, error.Error);
        Assert.Equal(entries.Select(static entry => entry.Id), again.Select(static entry => entry.Id).Take(entries.Count));
        Assert.All(await stream.FinishAsync([.. again.Select(Result)], Cancellation), Assert.True);
        Assert.Equal(again.Count, (await ReadAsync("out.done")).Count);
    }

    [Fact]
    public async Task FinishAsync_LaterEntriesWithoutEarlierOnes_IsRefused()
    {
        await PublishAsync();
        await using var stream = await OpenAsync("worker");
        var entries = await TakeAsync(stream, Entries);
        var last = entries.GroupBy(static entry => entry.Id.Split('/')[0]).First(static group => group.Count() > 1).Last();

        await Assert.ThrowsAsync<InvalidOperationException>(() => stream.FinishAsync([Result(last)], Cancellation));
    }

    [Fact]
    public async Task OpenAsync_NoBroker_IsUnavailable()
    {
        var options = new KafkaWorkStreamOptions { Kafka = new KafkaStreamOptions { Brokers = "127.0.0.1:1", Timeout = TimeSpan.FromSeconds(1) }, Topic = "in", Group = "g", Worker = "w" };

        var error = await Assert.ThrowsAsync<FeatureException>(() => KafkaWorkStream.OpenAsync(options, Cancellation));

        Assert.Equal(FeatureError.StoreUnavailable, error.Error);
    }

    private static WorkResult Result(WorkEntry entry)
    {
        var body = Encoding.UTF8.GetString(entry.Body.Span);
        return new WorkResult(entry.Id, body, [("out:done", entry.Body)]);
    }

    // One more entry than keys: the last repeats the first's, in the same partition.
    private Task PublishAsync() => _feed.PublishAsync(
        new EventStream { Project = "default", Name = "in", Kind = EventStreamKind.Kafka, Topic = "in", Group = "g", DeadLetterTopic = "d", Columns = [] },
        [.. Enumerable.Range(0, Entries).Select(static item => $"item {item}"), "item 5"],
        Cancellation);

    private Task<KafkaWorkStream> OpenAsync(string worker) => KafkaWorkStream.OpenAsync(
        new KafkaWorkStreamOptions
        {
            Kafka = new KafkaStreamOptions { Brokers = _feed.Brokers, Settings = "session.timeout.ms=1000;heartbeat.interval.ms=100" }, Topic = "in", Group = "g", Worker = worker,
        },
        Cancellation);

    private static async Task<IReadOnlyList<WorkEntry>> TakeAsync(KafkaWorkStream stream, int least)
    {
        var entries = new List<WorkEntry>();
        while (entries.Count < least)
        {
            entries.AddRange(await stream.TakeAsync(least - entries.Count, TimeSpan.FromSeconds(1), Cancellation));
        }

        return entries;
    }

    private Task<List<string>> ReadAsync(string topic) => Task.Run(
        () =>
        {
            using var consumer = new ConsumerBuilder<byte[], string>(new ConsumerConfig
            {
                BootstrapServers = _feed.Brokers, GroupId = "reader", EnablePartitionEof = true, IsolationLevel = IsolationLevel.ReadCommitted,
            }).Build();
            using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
            var partitions = admin.GetMetadata(topic, TimeSpan.FromSeconds(20)).Topics[0].Partitions;
            consumer.Assign(partitions.Select(partition => new TopicPartitionOffset(topic, partition.PartitionId, Offset.Beginning)));
            var (bodies, ends) = (new List<string>(), 0);
            while (ends < partitions.Count)
            {
                var result = consumer.Consume(Cancellation);
                if (result.IsPartitionEOF)
                {
                    ends++;
                }
                else
                {
                    bodies.Add(result.Message.Value);
                }
            }

            return bodies;
        },
        Cancellation);
}

using System.Globalization;
using System.Text;
using Confluent.Kafka;
using ZeroWorld.ML.Features.Kafka;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>A Kafka topic as a work stream. The brokers for tests forget offsets of transactions, so whoever opens the stream finds every entry again, as after offsets expired.</summary>
public sealed class KafkaWorkStreamTests : IDisposable
{
    private const int Entries = 40;
    private const int PartsOfAll = Entries * 2;
    private readonly KafkaTestCluster _cluster = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public async Task FinishAsync_RepeatedKey_TakesEffectOnce()
    {
        await PublishAsync();
        await using var stream = await OpenAsync("worker");

        var took = await FinishAllAsync(stream);

        Assert.Equal(Entries, took);
        await AssertEachOnceAsync("out.done");
        Assert.Empty(await stream.TakeAsync(10, TimeSpan.Zero, Cancellation));
    }

    [Fact]
    public async Task FinishAsync_ByAWorkerThatFindsAllEntriesAgain_TakesNoEffect()
    {
        await PublishAsync();
        await using (var stream = await OpenAsync("worker"))
        {
            await FinishAllAsync(stream);
        }

        await using var next = await OpenAsync("worker");
        var took = await FinishAllAsync(next);

        Assert.Equal(0, took);
        await AssertEachOnceAsync("out.done");
        await AssertEachOnceAsync("out.copy");
    }

    [Theory]
    [MemberData(nameof(PartsLeft))]
    public async Task FinishAsync_AfterAWorkerThatLeftSomeOutputs_WritesTheOthers(int left)
    {
        // What a kill leaves amid a transaction on brokers that show it: some outputs of a batch, in any order, and no offsets.
        await PublishAsync();
        await using (var stream = await OpenAsync("worker"))
        {
            await FinishAllAsync(stream);
        }

        var written = (await _cluster.ReadAsync("out.done", Cancellation)).Select(static message => ("left.done", message))
            .Concat((await _cluster.ReadAsync("out.copy", Cancellation)).Select(static message => ("left.copy", message))).ToArray();
        new Random(left).Shuffle(written);
        foreach (var (topic, message) in written.Take(left))
        {
            await _cluster.PublishAsync(topic, [new Message<string, string> { Key = Encoding.UTF8.GetString(message.Key), Value = message.Value, Headers = message.Headers }], Cancellation);
        }

        await using var next = await OpenAsync("worker", "left");
        var took = await FinishAllAsync(next, "left");

        Assert.Equal(written.Take(left).GroupBy(static part => part.message.Value).Count(static group => group.Count() == 2), Entries - took);
        await AssertEachOnceAsync("left.done");
        await AssertEachOnceAsync("left.copy");
    }

    [Fact]
    public async Task FinishAsync_EntryWithoutKey_TakesEffectOncePerEntry()
    {
        await _cluster.PublishAsync("in", [new Message<string, string> { Key = "k", Value = "same" }, new Message<string, string> { Key = "k", Value = "same" }], Cancellation);
        for (var worker = 0; worker < 2; worker++)
        {
            await using var stream = await OpenAsync("worker");
            var entries = await TakeAsync(stream, 2);
            await stream.FinishAsync([.. entries.Select(static entry => new WorkResult(entry.Id, "", [("out:done", entry.Body)]))], Cancellation);
        }

        Assert.Equal(["same", "same"], (await _cluster.ReadAsync("out.done", Cancellation)).Select(static message => message.Value));
    }

    [Fact]
    public async Task CountAsync_AfterTransactionsOfAProducer_CountsNoMarks()
    {
        var config = new ProducerConfig { BootstrapServers = _cluster.Brokers, TransactionalId = "source" };
        using (var producer = new ProducerBuilder<string, string>(config).Build())
        {
            producer.InitTransactions(TimeSpan.FromSeconds(20));
            producer.BeginTransaction();
            for (var item = 0; item < Entries; item++)
            {
                producer.Produce("in", new Message<string, string> { Key = $"{item}", Value = $"item {item}" });
            }

            producer.CommitTransaction();
        }

        await using var stream = await OpenAsync("worker");
        var before = await stream.CountAsync(Cancellation);
        await FinishAllAsync(stream, entries: Entries);
        while (await stream.CountAsync(Cancellation) is { Waiting: > 0 })
        {
            Assert.Empty(await stream.TakeAsync(10, TimeSpan.FromSeconds(1), Cancellation));
        }

        Assert.InRange(before.Waiting, Entries + 1, Entries + 4);
        Assert.Equal((0, 0), await stream.CountAsync(Cancellation));
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
        Assert.All(await stream.FinishAsync([.. again.Select(static entry => Result(entry))], Cancellation), Assert.True);
        Assert.Equal(again.Count, (await _cluster.ReadAsync("out.done", Cancellation)).Count);
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
    public async Task FinishAsync_OutputToAStreamThatIsNotNamed_IsRefused()
    {
        await PublishAsync();
        await using var stream = await OpenAsync("worker");
        var entries = await TakeAsync(stream, 1);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => stream.FinishAsync([.. entries.Select(static entry => Result(entry, "other"))], Cancellation));

        Assert.Contains("'other:done'; expected one of out:done, out:copy", error.Message);
    }

    [Fact]
    public async Task OpenAsync_NoBroker_IsUnavailable()
    {
        var options = new KafkaWorkStreamOptions { Kafka = new KafkaStreamOptions { Brokers = "127.0.0.1:1", Timeout = TimeSpan.FromSeconds(1) }, Topic = "in", Group = "g", Worker = "w", Outputs = [] };

        var error = await Assert.ThrowsAsync<FeatureException>(() => KafkaWorkStream.OpenAsync(options, Cancellation));

        Assert.Equal(FeatureError.StoreUnavailable, error.Error);
    }

    public static TheoryData<int> PartsLeft() => [0, 1, 7, Entries, Entries + 13, PartsOfAll - 1, PartsOfAll];

    private static WorkResult Result(WorkEntry entry, string prefix = "out")
    {
        var body = Encoding.UTF8.GetString(entry.Body.Span);
        return new WorkResult(entry.Id, body, [($"{prefix}:done", entry.Body), ($"{prefix}:copy", entry.Body)]);
    }

    // One more entry than keys: the last repeats another's, in the same partition.
    private Task PublishAsync() => _cluster.PublishAsync("in", [.. Enumerable.Range(0, Entries).Select(ItemOf), ItemOf(5)], Cancellation);

    private static Message<string, string> ItemOf(int item) => new() { Key = (item % 7).ToString(CultureInfo.InvariantCulture), Value = $"item {item}" };

    private Task<KafkaWorkStream> OpenAsync(string worker, string prefix = "out") => KafkaWorkStream.OpenAsync(
        new KafkaWorkStreamOptions
        {
            Kafka = new KafkaStreamOptions { Brokers = _cluster.Brokers, Settings = "session.timeout.ms=1000;heartbeat.interval.ms=100" }, Topic = "in", Group = "g", Worker = worker,
            Outputs = [$"{prefix}:done", $"{prefix}:copy"],
        },
        Cancellation);

    private static async Task<int> FinishAllAsync(KafkaWorkStream stream, string prefix = "out", int entries = Entries + 1)
    {
        var (count, took) = (0, 0);
        while (count < entries)
        {
            var batch = await stream.TakeAsync(10, TimeSpan.FromSeconds(1), Cancellation);
            count += batch.Count;
            took += (await stream.FinishAsync([.. batch.Select(entry => Result(entry, prefix))], Cancellation)).Count(static one => one);
        }

        return took;
    }

    private async Task AssertEachOnceAsync(string topic) => Assert.Equal(
        Enumerable.Range(0, Entries).Select(static item => $"item {item}").Order(StringComparer.Ordinal),
        (await _cluster.ReadAsync(topic, Cancellation)).Select(static message => message.Value).Order(StringComparer.Ordinal));

    private static async Task<IReadOnlyList<WorkEntry>> TakeAsync(KafkaWorkStream stream, int least)
    {
        var entries = new List<WorkEntry>();
        while (entries.Count < least)
        {
            entries.AddRange(await stream.TakeAsync(least - entries.Count, TimeSpan.FromSeconds(1), Cancellation));
        }

        return entries;
    }
}

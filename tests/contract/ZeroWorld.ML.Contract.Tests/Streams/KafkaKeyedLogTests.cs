using System.Globalization;
using Confluent.Kafka;
using ZeroWorld.ML.Features.Kafka;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

public sealed class KafkaKeyedLogTests : KeyedLogContract, IDisposable
{
    private readonly KafkaTestCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public async Task ReadAsync_NoBroker_IsUnavailable()
    {
        await using var log = new KafkaKeyedLog(new KafkaStreamOptions { Brokers = "127.0.0.1:1", Timeout = TimeSpan.FromMilliseconds(200) });

        var error = await Assert.ThrowsAsync<FeatureException>(async () => await log.ReadAsync("review", null, Cancellation).GetAsyncEnumerator(Cancellation).MoveNextAsync());

        Assert.Equal(FeatureError.StoreUnavailable, error.Error);
        Assert.StartsWith("Kafka at 127.0.0.1:1 did not take or give what was asked", error.Message, StringComparison.Ordinal);
    }

    // Not one by one: each would read the topic to its end.
    protected override Task FillAsync(IKeyedLog log, string name, int count) => _cluster.PublishAsync(
        name,
        Enumerable.Range(0, count).Select(static number => new Message<string, string> { Key = number.ToString(CultureInfo.InvariantCulture), Value = Record(number.ToString(CultureInfo.InvariantCulture), number) }),
        Cancellation);

    protected override Task<IKeyedLog> OpenAsync() => Task.FromResult<IKeyedLog>(new KafkaKeyedLog(new KafkaStreamOptions { Brokers = _cluster.Brokers }));
}

using System.ComponentModel.DataAnnotations;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Kafka.Tests;

public sealed class KafkaEventSourceTests
{
    private static readonly EventStream Stream = new()
    {
        Project = "default", Name = "s", Kind = EventStreamKind.Kafka, Topic = "t", Group = "g", DeadLetterTopic = "d", Columns = [],
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("security.protocol", "'security.protocol' is no setting; expected NAME=VALUE")]
    [InlineData("a=b;enable.auto.commit=true", "'enable.auto.commit' is not to be set here")]
    public void Validate_SettingsThatAreNone_SaysWhy(string settings, string expected)
    {
        var options = new KafkaStreamOptions { Settings = settings };

        var fault = options.Validate(new ValidationContext(options)).Single();

        Assert.Contains(expected, fault.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadSettings_List_GivesNamesAndValues() => Assert.Equal(
        [new("a", "b=c"), new("d", "")], new KafkaStreamOptions { Settings = " a = b=c ; d= " }.ReadSettings());

    [Theory]
    [InlineData(1_700_000_000_123, 1_700_000_000_123_000)]
    [InlineData(1_700_000_000_123_000_000, long.MaxValue)]
    [InlineData(long.MinValue, long.MaxValue)]
    public void ArrivalOf_TimestampOfAProducer_StaysBeyondAllTimesWhereItIs(long milliseconds, long expected) =>
        Assert.Equal(expected, KafkaEventSource.ArrivalOf(milliseconds));

    [Fact]
    public async Task ReadLagAsync_NoBroker_IsUnavailableWithTheAddress()
    {
        var address = $"127.0.0.1:{LoopbackPort.FindFree()}";
        var factory = new KafkaEventSourceFactory(
            new KafkaStreamOptions { Brokers = address, Timeout = TimeSpan.FromSeconds(1) }, TimeProvider.System, NullLogger<KafkaEventSourceFactory>.Instance);
        await using var source = factory.Open(Stream);

        var failure = await Assert.ThrowsAsync<FeatureException>(() => source.ReadLagAsync(Token));

        Assert.Equal(FeatureError.StoreUnavailable, failure.Error);
        Assert.StartsWith($"Kafka at {address} did not take or give what was asked of topic 't'", failure.Message, StringComparison.Ordinal);
    }

    // A broker gives the partitions of a member that does not poll to others.
    [Fact]
    public async Task ReadAsync_ReaderThatWasBusyForLong_WasPolledForAndIsGivenEachEventOnce()
    {
        const int Events = 40;
        using var cluster = new KafkaTestCluster();
        await cluster.PublishAsync("t", Enumerable.Range(0, Events).Select(static index => new Message<string, string> { Key = "k", Value = $"{index:00}" }), Token);
        var time = new FakeTimeProvider();
        var factory = new KafkaEventSourceFactory(new KafkaStreamOptions { Brokers = cluster.Brokers, Settings = "max.poll.interval.ms=60000" }, time, NullLogger<KafkaEventSourceFactory>.Instance);
        await using var source = (KafkaEventSource)factory.Open(Stream);
        var events = new List<StreamEvent>();
        while (events.Count == 0)
        {
            events.AddRange(await source.ReadAsync(1, TimeSpan.FromMilliseconds(100), Token));
        }

        while (source.Early < 3)
        {
            time.Advance(TimeSpan.FromSeconds(15));
            await Task.Delay(TimeSpan.FromMilliseconds(1), Token);
        }

        while (events.Count < Events)
        {
            events.AddRange(await source.ReadAsync(7, TimeSpan.FromMilliseconds(100), Token));
        }

        await source.CommitAsync(events, [], Token);

        Assert.Equal(Enumerable.Range(0, Events).Select(static index => $"{index:00}"), events.Select(static item => Encoding.UTF8.GetString(item.Value.Span)));
        Assert.Equal(0, await source.ReadLagAsync(Token));
    }
}

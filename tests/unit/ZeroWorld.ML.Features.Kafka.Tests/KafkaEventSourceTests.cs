using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Kafka.Tests;

public sealed class KafkaEventSourceTests
{
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

    [Fact]
    public async Task ReadLagAsync_NoBroker_IsUnavailableWithTheAddress()
    {
        var address = $"127.0.0.1:{LoopbackPort.FindFree()}";
        var factory = new KafkaEventSourceFactory(
            new KafkaStreamOptions { Brokers = address, Timeout = TimeSpan.FromSeconds(1) }, NullLogger<KafkaEventSourceFactory>.Instance);
        await using var source = factory.Open(new EventStream
        {
            Project = "default", Name = "s", Kind = EventStreamKind.Kafka, Topic = "t", Group = "g", DeadLetterTopic = "d", Columns = [],
        });

        var failure = await Assert.ThrowsAsync<FeatureException>(() => source.ReadLagAsync(Token));

        Assert.Equal(FeatureError.StoreUnavailable, failure.Error);
        Assert.StartsWith($"Kafka at {address} did not take or give what was asked of topic 't'", failure.Message, StringComparison.Ordinal);
    }
}

using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>What the instruments say of one stream while it is read.</summary>
public sealed class StreamMetricsTests : IDisposable
{
    private const long Second = 1_000_000;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _stream = $"payments_{Guid.NewGuid():N}";
    private readonly FakeTimeProvider _time = new(Start);
    private readonly ScriptedSource _source = new();
    private readonly MeterListener _listener;
    private readonly List<(string Name, double Value)> _measured = [];

    public StreamMetricsTests()
    {
        // The instruments are those of the process: what other streams measure meanwhile has another name.
        _listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name.StartsWith("zeroworld.features.stream.", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.Start();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Run_StreamWithEvents_CountsThemAndTellsDelayLagAndFreshness()
    {
        var now = UnixMicroseconds.FromDateTimeOffset(Start);
        _source.Arrivals.Enqueue(now - (3 * Second));
        _source.Arrivals.Enqueue(now - (2 * Second));
        _source.Lag = () => 2 - _source.Committed + 40;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var consumer = Consumer();
        var running = consumer.RunAsync(stop.Token);
        while (consumer.Status.Lag is null)
        {
            await Task.Yield();
        }

        // Whoever asks by how much a counter grew must see that it began at nothing.
        Assert.Equal(["events accepted 0", "events refused 0"], Measured("events"));
        Assert.Equal(["freshness none", "lag 42"], Observed());

        _source.Batches.Enqueue(["""{"CARD":1,"AT":1767225595000000}""", "poison"]);
        while (_source.Committed < 2)
        {
            await Task.Yield();
        }

        _time.Advance(TimeSpan.FromSeconds(10));
        while (consumer.Status.Lag != 40)
        {
            await Task.Yield();
        }

        Assert.Equal(["events accepted 0", "events refused 0", "events accepted 1", "events refused 1"], Measured("events"));
        Assert.Equal(["delay 3"], Measured("delay"));
        Assert.Equal(["freshness 15", "lag 40"], Observed());

        await stop.CancelAsync();
        await running;
        Assert.Equal(["freshness none", "lag none"], Observed());
    }

    private StreamConsumer Consumer() => new(
        new EventStream
        {
            Project = "default", Name = _stream, Kind = EventStreamKind.Redis, Topic = "tx", Group = "g", DeadLetterTopic = "dead",
            Columns = [new StreamColumn("CARD", FeatureType.Int64, "CARD"), new StreamColumn("AT", FeatureType.Timestamp, "AT")],
        },
        [StorageField.Of(View(), hasIntegerEventId: false)], _source, new WritableStore(), null, new StreamConsumerOptions(), _time, NullLogger<StreamConsumer>.Instance);

    private LastValueView View() => new()
    {
        Project = "default",
        Name = "last",
        Entity = new Entity { Name = "card", Keys = [new EntityKey("card_id", FeatureType.Int64)] },
        Source = new ViewSource { Table = _stream, EventTimeColumn = "AT", KeyColumns = ["CARD"], AllowedSkew = TimeSpan.FromMinutes(5) },
        Features = [new LastValueFeature(new FeatureField("card", FeatureType.Int64, FeatureValue.Null(FeatureType.Int64), false), "CARD")],
    };

    private List<string> Measured(string instrument)
    {
        lock (_measured)
        {
            return [.. _measured.Where(item => item.Name.Split(' ')[0] == instrument).Select(static item => $"{item.Name} {item.Value}")];
        }
    }

    /// <summary>What a scrape of now reads.</summary>
    private List<string> Observed()
    {
        lock (_measured)
        {
            _measured.RemoveAll(static item => item.Name is "lag" or "freshness");
        }

        _listener.RecordObservableInstruments();
        return [.. ((string[])["freshness", "lag"]).Select(name => Measured(name) is [var text] ? text : $"{name} none")];
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var outcome = "";
        var isMine = false;
        foreach (var (key, tag) in tags)
        {
            isMine |= key == "stream" && (string?)tag == _stream;
            outcome = key == "outcome" ? $" {tag}" : outcome;
        }

        if (isMine)
        {
            lock (_measured)
            {
                _measured.Add((instrument.Name[(instrument.Name.LastIndexOf('.') + 1)..] + outcome, value));
            }
        }
    }

    private sealed class WritableStore : IOnlineStore
    {
        public ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken) => throw new NotSupportedException("Nothing is read.");

        public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) => Task.FromResult<ViewCoverage?>(null);

        public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Hosting;

/// <summary>Reads the streams of all registered definitions, and follows the definitions as they are applied.</summary>
/// <remarks>
/// Thread safe. A stream whose definition, or whose views, changed is stopped and started anew: it goes on where its group is, and its counts go on. One that failed is tried
/// again, as often as one that waits is at most: what it needs may be mended without this process.
/// </remarks>
public sealed class StreamHost(
    DefinitionRegistry registry, FeatureServiceCatalog catalog, IOnlineStore store, IEventArchive archive, IEnumerable<IEventSourceFactory> factories,
    ZeroWorldConfiguration configuration, TimeProvider time, ILogger<StreamHost> logger, ILogger<StreamConsumer> consumerLogger) : BackgroundService
{
    private static readonly TimeSpan FollowInterval = TimeSpan.FromSeconds(1);

    private readonly StreamConsumerOptions _options = configuration.Get<StreamConsumerOptions>();
    private readonly ConcurrentDictionary<(string Project, string Stream), Running> _running = new();

    /// <summary>Whether this process reads the stream.</summary>
    public bool IsRead(EventStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return _running.ContainsKey((stream.Project, stream.Name));
    }

    /// <summary>The state of a stream: as its consumer saw it last, or, where this process does not read it, the lag of its group as the broker tells it.</summary>
    public async Task<StreamStatus> ReadStatusAsync(EventStream stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (_running.TryGetValue((stream.Project, stream.Name), out var running))
        {
            return running.Consumer.Status;
        }

        try
        {
            var source = Open(stream);
            await using (source.ConfigureAwait(false))
            {
                return StreamStatus.Starting with { State = StreamState.Stopped, Lag = await source.ReadLagAsync(cancellationToken).ConfigureAwait(false) };
            }
        }
        catch (FeatureException exception)
        {
            return StreamStatus.Starting with { State = StreamState.Stopped, Fault = exception.Message };
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!_options.Enabled)
        {
            return;
        }

        try
        {
            while (true)
            {
                await FollowAsync(stoppingToken).ConfigureAwait(false);
                await Task.Delay(FollowInterval, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(_running.Values.Select(StopAsync)).ConfigureAwait(false);
        }
    }

    private async Task FollowAsync(CancellationToken stoppingToken)
    {
        var wanted = new Dictionary<(string, string), (EventStream Stream, IReadOnlyList<StorageField> Fields, string Mark)>();
        foreach (var project in registry.ListProjects())
        {
            try
            {
                foreach (var stream in catalog.GetDefinitions(project).Streams)
                {
                    var fields = await FieldsOfAsync(stream, stoppingToken).ConfigureAwait(false);
                    wanted[(project, stream.Name)] = (stream, fields, string.Join(' ', fields.Select(static field => field.Name).Prepend(DefinitionFingerprint.Of(stream))));
                }
            }
            catch (FeatureException exception)
            {
                // Definitions of another build, or being replaced just now: what runs goes on.
                HostingLog.StreamsNotRead(logger, project, exception.Message);
                return;
            }
        }

        // Side by side: one that takes long to end holds up no other.
        await Task.WhenAll(wanted.Keys.Union(_running.Keys).Select(FollowOneAsync)).ConfigureAwait(false);

        async Task FollowOneAsync((string, string) key)
        {
            var isWanted = wanted.TryGetValue(key, out var item);
            StreamStatus? before = null;
            if (_running.TryGetValue(key, out var running))
            {
                var isSame = isWanted && item.Mark == running.Mark;
                if (isSame && !await IsToBeTriedAgainAsync(running).ConfigureAwait(false))
                {
                    return;
                }

                await StopAsync(running).ConfigureAwait(false);
                if (!isWanted)
                {
                    _running.TryRemove(key, out _);
                    return;
                }

                // What another definition failed by is no fault of this one.
                var status = running.Consumer.Status;
                before = isSame ? status : status with { State = StreamState.Stopped };
            }

            _running[key] = Start(item.Stream, item.Fields, item.Mark, before, stoppingToken);
        }
    }

    private async Task<IReadOnlyList<StorageField>> FieldsOfAsync(EventStream stream, CancellationToken cancellationToken) =>
        catalog.GetDefinitions(stream.Project).Views.Any(view => view.Source.Table == stream.Name)
            ? await catalog.GetFieldsAsync(stream.Project, stream.Name, cancellationToken).ConfigureAwait(false)
            : [];

    private Running Start(EventStream stream, IReadOnlyList<StorageField> fields, string mark, StreamStatus? before, CancellationToken stoppingToken)
    {
        var source = Open(stream);
        var consumer = new StreamConsumer(stream, fields, source, store, archive, _options, time, consumerLogger) { Predecessor = before };
        var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        if (before is not { State: StreamState.Failed })
        {
            HostingLog.StreamStarted(logger, stream.Name, stream.Kind.ToString(), stream.Topic, stream.Group, fields.Count);
        }

        return new Running(consumer, source, stop, Task.Run(() => RunAsync(consumer, before?.Fault, stop.Token), CancellationToken.None), mark);
    }

    /// <summary>Whatever ends a stream must not end the server: its state says why, and the log once, until it has worked again.</summary>
    /// <returns>When it ended.</returns>
    private async Task<long> RunAsync(StreamConsumer consumer, string? faultBefore, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        try
        {
            await consumer.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception.Message == faultBefore && time.GetElapsedTime(started) < consumer.RetryIntervalMax)
        {
            HostingLog.StreamStillFails(logger, consumer.Stream.Name, exception.Message);
        }
        catch (FeatureException exception)
        {
            HostingLog.StreamFailed(logger, consumer.Stream.Name, exception.Message);
        }
        catch (Exception exception)
        {
            HostingLog.StreamBroke(logger, exception, consumer.Stream.Name);
        }

        return time.GetTimestamp();
    }

    private async Task<bool> IsToBeTriedAgainAsync(Running running) =>
        running.Task.IsCompleted && time.GetElapsedTime(await running.Task.ConfigureAwait(false)) >= running.Consumer.RetryIntervalMax;

    private static async Task StopAsync(Running running)
    {
        await running.Stop.CancelAsync().ConfigureAwait(false);
        await running.Task.ConfigureAwait(false);
        await running.Source.DisposeAsync().ConfigureAwait(false);
        running.Stop.Dispose();
    }

    private IEventSource Open(EventStream stream) => factories.First(factory => factory.Kind == stream.Kind).Open(stream);

    private sealed record Running(StreamConsumer Consumer, IEventSource Source, CancellationTokenSource Stop, Task<long> Task, string Mark);
}

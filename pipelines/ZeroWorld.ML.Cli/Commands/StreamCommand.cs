using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;
using Spectre.Console.Rendering;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.V1;
using StreamState = ZeroWorld.ML.Features.StreamState;
using StreamStatus = ZeroWorld.ML.Features.StreamStatus;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml stream run|status</c>: reading the streams of a project, and how that goes.</summary>
internal static class StreamCommand
{
    public const string RunName = "run";

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    public static Command Create() => new("stream", "Streams of events: reads them into the online store, and shows how that goes.") { CreateRun(), CreateStatus() };

    private static Command CreateRun()
    {
        var redis = new Option<string?>("--redis") { Description = "HOST:PORT of the Redis for the online features. Default: the embedded store." };
        var metrics = new Option<int?>("--metrics-port") { Description = "Port of the metrics. Default: a free one." };
        var exit = new Option<bool>("--exit") { Description = "End when every stream is done to its end." };
        var command = new Command(RunName, "Reads all streams of the data directory's definitions until it is stopped. A server does it by itself (setting Streams:Enabled).") { redis, metrics, exit };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var flags = new Dictionary<string, string> { ["Streams:Enabled"] = "true" };
            if (parse.GetValue(redis) is { } address)
            {
                flags["Online:Redis"] = address;
            }

            if (parse.GetValue(metrics) is { } port)
            {
                flags["Server:MetricsPort"] = port.ToString(CultureInfo.InvariantCulture);
            }

            if (parse.GetValue(exit))
            {
                // Whoever waits for the end wants to hear of it soon.
                (flags["Streams:ArchiveInterval"], flags["Streams:LagInterval"]) = ("500ms", "250ms");
            }

            await using var server = await LocalServer.StartAsync(common.DataDirectory(parse), mayCreate: false, cancellationToken, flags);
            var host = server.Services.GetRequiredService<StreamHost>();
            var streams = server.Services.GetRequiredService<FeatureServiceCatalog>().GetDefinitions(common.Project(parse)).Streams;
            if (streams.Count == 0)
            {
                throw new FeatureException(FeatureError.NotFound, $"Project '{common.Project(parse)}' defines no streams; expected 'streams' in its definitions.");
            }

            Terminals.Error.MarkupLineInterpolated($"Reading {streams.Count} {(streams.Count == 1 ? "stream" : "streams")}; Ctrl+C stops it.");
            await WatchAsync(host, streams, parse.GetValue(exit), cancellationToken);
            await server.StopAsync();
            var last = await Task.WhenAll(streams.Select(stream => host.ReadStatusAsync(stream, CancellationToken.None)));
            Terminals.Output.Write(TableOf(streams.Zip(last, static (stream, status) => StreamLine.Of(stream, status))));
            return last.Any(static status => status.State == StreamState.Failed) ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    private static Command CreateStatus()
    {
        var json = CommonOptions.Json();
        var command = new Command("status", "Shows the streams of a project: what is done, how far behind it is, and why it does not go on where it does not.") { json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: false, cancellationToken);
            var answer = await connection.Client.Features.ListStreamsAsync(
                new ListStreamsRequest { Project = common.Project(parse) }, cancellationToken: cancellationToken);
            if (parse.GetValue(json))
            {
                ProtoJson.Write(answer);
            }
            else
            {
                Terminals.Output.Write(TableOf(answer.Streams.Select(StreamLine.Of)));
            }

            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Shows the streams as they go, until all are at their end where that is asked for, or one cannot go on.</summary>
    private static async Task WatchAsync(StreamHost host, IReadOnlyList<EventStream> streams, bool untilEnd, CancellationToken cancellationToken)
    {
        var isInteractive = Terminals.Error.Profile.Capabilities is { Interactive: true, Ansi: true };
        if (!isInteractive)
        {
            await LookAsync(static _ => { });
            return;
        }

        await Terminals.Error.Live(new Markup("...")).AutoClear(true).StartAsync(context => LookAsync(context.UpdateTarget));

        async Task LookAsync(Action<IRenderable> show)
        {
            try
            {
                while (true)
                {
                    var statuses = await Task.WhenAll(streams.Select(stream => host.ReadStatusAsync(stream, cancellationToken)));
                    show(TableOf(streams.Zip(statuses, static (stream, status) => StreamLine.Of(stream, status))));
                    if (streams.All(host.IsRead) && (Array.Exists(statuses, static status => status.State == StreamState.Failed)
                        || (untilEnd && Array.TrueForAll(statuses, static status => status is { State: StreamState.Running, Lag: 0 }))))
                    {
                        return;
                    }

                    await Task.Delay(LookInterval, TimeProvider.System, cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Ctrl+C is how it is stopped.
            }
        }
    }

    private static Table TableOf(IEnumerable<StreamLine> lines)
    {
        var now = UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow());
        var table = new Table().Border(TableBorder.Rounded).AddColumns("stream", "broker", "topic", "group", "state", "accepted", "refused", "behind", "newest event", "age", "why");
        foreach (var line in lines)
        {
            table.AddRow(
                Markup.Escape(line.Name), line.Kind, Markup.Escape(line.Topic), Markup.Escape(line.Group), line.State, $"{line.Accepted:N0}", $"{line.Refused:N0}",
                line.Lag is { } lag ? $"{lag:N0}" : "?",
                line.NewestEvent is { } newest ? UnixMicroseconds.ToText(newest) : "",
                line.NewestEvent is { } time ? string.Create(CultureInfo.InvariantCulture, $"{(now - time) / 1e6:N1} s") : "",
                Markup.Escape(ShownText.Lines(line.Fault)));
        }

        return table;
    }

    private sealed record StreamLine(
        string Name, string Kind, string Topic, string Group, string State, long Accepted, long Refused, long? Lag, long? NewestEvent, string Fault)
    {
        public static StreamLine Of(EventStream stream, StreamStatus status) => new(
            stream.Name, stream.Kind == EventStreamKind.Kafka ? "kafka" : "redis", stream.Topic, stream.Group, status.State.ToString().ToLowerInvariant(),
            status.Accepted, status.Refused, status.Lag, status.NewestEvent, status.Fault ?? "");

        public static StreamLine Of(V1.StreamStatus status) => new(
            status.Name, status.Kind, status.Topic, status.Group, status.State == V1.StreamState.NotRead ? "not read here" : status.State.ToString().ToLowerInvariant(),
            (long)status.Accepted, (long)status.Refused, status.HasLag ? (long)status.Lag : null, status.HasNewestEventTime ? status.NewestEventTime : null, status.Fault);
    }
}

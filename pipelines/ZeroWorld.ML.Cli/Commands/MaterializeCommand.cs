using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml materialize</c>: brings the registered views from the offline to the online store.</summary>
internal static class MaterializeCommand
{
    public static Command Create()
    {
        var until = new Option<string?>("--until") { Description = "Leave out what arrived later, RFC 3339 with a zone. Default: everything." };
        var since = new Option<string?>("--since") { Description = "Read again what was stored after this time, done or not. Default: the ledger in the online store says what is new." };
        var full = new Option<bool>("--full") { Description = "Read everything again." };
        var shard = new Option<string?>("--shard") { Description = "Only a part of the entities, as I/N with I from 0 to N - 1: for jobs side by side. In a cluster job, I is its completion index." };
        var redis = new Option<string?>("--redis") { Description = "HOST:PORT of the Redis for the online features. Default: the embedded store." };
        var command = new Command("materialize", "Brings what is new in the views of a project online. Repeating it changes nothing.") { until, since, full, shard, redis };
        var json = CommonOptions.Json();
        command.Add(json);
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var (index, count) = ParseShard(parse.GetValue(shard));
            var request = new MaterializationRequest
            {
                Fields = [],
                Until = ParseTime("--until", parse.GetValue(until)),
                Since = ParseTime("--since", parse.GetValue(since)),
                IsFull = parse.GetValue(full),
                Shard = index,
                Shards = count,
            };
            var flags = new Dictionary<string, string> { ["DataDirectory"] = common.DataDirectory(parse) };
            if (parse.GetValue(redis) is { } address)
            {
                flags["Online:Redis"] = address;
            }

            var result = await RunAsync(common.DataDirectory(parse), common.Project(parse), request, flags, cancellationToken);
            if (parse.GetValue(json))
            {
                Console.Out.WriteLine(QualityView.ToJson(result));
            }
            else
            {
                var table = new Table().Border(TableBorder.Rounded).AddColumns("view", "entities", "rows", "quarantined", "null keys", "arrived until");
                foreach (var view in result.Views)
                {
                    table.AddRow(Markup.Escape(view.View), $"{view.Entities:N0}", $"{view.Rows:N0}", $"{view.Quarantined:N0}", $"{view.NullKeys:N0}", view.Coverage.IsReadable ? UnixMicroseconds.ToText(view.Coverage.To) : "not complete");
                }

                Terminals.Output.Write(table);
                QualityView.Write([.. result.Views.SelectMany(static view => view.Quality)]);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<Materialization> RunAsync(
        string directory, string project, MaterializationRequest request, Dictionary<string, string> flags, CancellationToken cancellationToken)
    {
        using var logging = LoggerFactory.Create(LocalServer.QuietLogging);
        await using var job = await MaterializationJob.TryOpenAsync(ZeroWorldConfiguration.Load(ConfigurationInputs.FromProcess(flags)), logging, TimeProvider.System, cancellationToken);
        if (job is not null)
        {
            return await RunAsync(job.Materializer, job.Catalog, project, request, cancellationToken);
        }

        // The embedded store is in the process that has the directory.
        await using var server = await LocalServer.StartAsync(directory, mayCreate: false, cancellationToken, flags);
        var result = await RunAsync(
            server.Services.GetRequiredService<Materializer>(), server.Services.GetRequiredService<FeatureServiceCatalog>(), project, request, cancellationToken);
        await server.StopAsync();
        return result;
    }

    private static async Task<Materialization> RunAsync(
        Materializer materializer, FeatureServiceCatalog catalog, string project, MaterializationRequest request, CancellationToken cancellationToken)
    {
        var fields = await catalog.GetFieldsAsync(project, null, cancellationToken);
        return await StepConsole.ToStandardError(1).RunAsync("online store", async progress =>
        {
            var made = await materializer.RunAsync(request with { Fields = fields, Share = progress }, cancellationToken);
            return (made, $"{made.Views.Count} views, {made.Rows:N0} rows and events");
        });
    }

    private static long? ParseTime(string option, string? text) => text is null
        ? null
        : UnixMicroseconds.TryParse(text, out var moment)
            ? moment
            : throw new UsageException($"{option} '{text}' is not a time with a zone; expected RFC 3339 such as 2018-08-15T00:00:00Z.");

    private static (int Index, int Count) ParseShard(string? text)
    {
        if (text is null)
        {
            return (0, 1);
        }

        return text.Split('/') is [var index, var count]
            && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var first) && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var all)
            && all is >= 1 and <= MaterializationLedger.PartitionCount && first < all
            ? (first, all)
            : throw new UsageException($"--shard '{text}' is no shard; expected I/N with I from 0 to N - 1 and N at most {MaterializationLedger.PartitionCount}, such as 0/4.");
    }
}

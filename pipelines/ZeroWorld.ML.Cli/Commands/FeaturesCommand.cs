using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml features list|training-set</c>.</summary>
internal static class FeaturesCommand
{
    public static Command Create() => new("features", "Registered feature definitions, and training sets made of them.")
    {
        CreateList(),
        CreateTrainingSet(),
    };

    private static Command CreateList()
    {
        var json = CommonOptions.Json();
        var command = new Command("list", "Lists entities, feature views and feature services with their fingerprints.") { json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: false, cancellationToken);
            var answer = await connection.Client.Features.ListDefinitionsAsync(
                new ListDefinitionsRequest { Project = common.Project(parse) }, cancellationToken: cancellationToken);
            if (parse.GetValue(json))
            {
                ProtoJson.Write(answer);
                return ExitCode.Success;
            }

            var table = new Table().Border(TableBorder.Rounded).AddColumns("kind", "name", "fingerprint");
            foreach (var definition in answer.Definitions)
            {
                table.AddRow(definition.Kind, Markup.Escape(definition.Name), definition.Fingerprint[..12]);
            }

            Terminals.Output.Write(table);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateTrainingSet()
    {
        var service = new Argument<string>("service") { Description = "Feature service." };
        var spine = new Option<string>("--spine") { Description = "Table or Parquet file with one row per wanted training row.", Required = true };
        var time = new Option<string>("--time-column") { Description = "Spine column with the moment of each row.", Required = true };
        var keys = Mapping("--key", "Entity key as KEY=COLUMN.");
        var values = Mapping("--value", "Request value as NAME=COLUMN.");
        var keep = new Option<string[]>("--keep") { Description = "Spine columns to hand through (ids, labels).", AllowMultipleArgumentsPerToken = true };
        var statuses = new Option<bool>("--statuses") { Description = "Write the status of each value as NAME__status." };
        var asOf = new Option<string?>("--as-of") { Description = "Only what was known at this moment, RFC 3339 with a zone." };
        var output = new Option<string>("--out", "-o") { Description = "Parquet file to write.", Required = true };
        var command = new Command("training-set", "Joins a spine with the features of a service, point in time: one row out per row in.")
        {
            service, spine, time, keys, values, keep, statuses, asOf, output,
        };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var server = await LocalServer.StartAsync(common.DataDirectory(parse), mayCreate: false, cancellationToken);
            var plan = await server.Services.GetRequiredService<FeatureServiceCatalog>()
                .GetAsync(common.Project(parse), parse.GetRequiredValue(service), cancellationToken);
            var request = new TrainingSetRequest
            {
                Plan = plan,
                Spine = parse.GetRequiredValue(spine),
                TimeColumn = parse.GetRequiredValue(time),
                KeyColumns = ParseMapping("--key", parse.GetValue(keys)),
                RequestColumns = ParseMapping("--value", parse.GetValue(values)),
                PassThrough = parse.GetValue(keep) ?? [],
                WithStatuses = parse.GetValue(statuses),
                AsOf = parse.GetValue(asOf) is { } text
                    ? UnixMicroseconds.TryParse(text, out var moment) ? moment : throw new UsageException($"--as-of '{text}' is not a time with a zone.")
                    : null,
                OutputPath = Path.GetFullPath(parse.GetRequiredValue(output)),
            };
            var set = await StepConsole.ToStandardError(1).RunAsync("point-in-time training set", async _ =>
            {
                var built = await server.Services.GetRequiredService<IOfflineStore>().BuildTrainingSetAsync(request, null, cancellationToken);
                return (built, $"{built.Rows:N0} rows x {plan.Service.Columns.Count} features");
            });
            Console.Out.WriteLine($"{set.Path}  rows {set.Rows:N0}  fingerprint {set.Fingerprint}");
            await server.StopAsync();
            return ExitCode.Success;
        });
        return command;
    }

    private static Option<string[]> Mapping(string name, string description) => new(name) { Description = description, AllowMultipleArgumentsPerToken = true };

    private static Dictionary<string, string> ParseMapping(string option, IEnumerable<string>? texts)
    {
        var mapping = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts ?? [])
        {
            if (text.Split('=', 2) is not [{ Length: > 0 } name, { Length: > 0 } column] || !mapping.TryAdd(name, column))
            {
                throw new UsageException($"{option} '{text}' is not NAME=COLUMN, or gives a name twice.");
            }
        }

        return mapping;
    }
}

using System.CommandLine;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml features training-set</c>: reads definitions and tables, writes a file of its own, and may run beside a server.</summary>
internal static class TrainingSetCommand
{
    public static Command Create()
    {
        var service = new Argument<string>("service") { Description = "Feature service." };
        var spine = new Option<string>("--spine") { Description = "Table or Parquet file with one row per wanted training row.", Required = true };
        var time = new Option<string>("--time-column") { Description = "Spine column with the moment of each row.", DefaultValueFactory = static _ => "time" };
        var keys = Mapping("--key", "Entity key as KEY=COLUMN. Default: the column of the key's name.");
        var values = Mapping("--value", "Request value as NAME=COLUMN. Default: the column of its name or, where there is none, its own default.");
        var keep = new Option<string[]>("--keep") { Description = "Spine columns to hand through (ids, labels).", AllowMultipleArgumentsPerToken = true };
        var statuses = new Option<bool>("--statuses") { Description = "Write the status of each value as NAME__status." };
        var asOf = new Option<string?>("--as-of") { Description = "Only what was known at this moment, RFC 3339 with a zone." };
        var output = new Option<string>("--out", "-o") { Description = "File to write: Parquet, or an Arrow stream where it ends in .arrow.", Required = true };
        var json = CommonOptions.Json();
        var command = new Command("training-set", "Joins a spine with the features of a service, point in time: one row out per row in.")
        {
            service, spine, time, keys, values, keep, statuses, asOf, output, json,
        };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var logging = LoggerFactory.Create(LocalServer.QuietLogging);
            using var reader = OfflineReader.Open(
                ZeroWorldConfiguration.Load(ConfigurationInputs.FromProcess(new Dictionary<string, string> { ["DataDirectory"] = common.DataDirectory(parse) })),
                logging,
                TimeProvider.System);
            var plan = await reader.Catalog.GetAsync(common.Project(parse), parse.GetRequiredValue(service), cancellationToken);
            var request = new TrainingSetRequest
            {
                Plan = plan,
                Spine = parse.GetRequiredValue(spine),
                TimeColumn = parse.GetRequiredValue(time),
                KeyColumns = ParseMapping("--key", parse.GetValue(keys), [.. plan.Entities.SelectMany(static entity => entity.Keys).Select(static key => key.Name).Distinct()]),
                RequestColumns = ParseMapping("--value", parse.GetValue(values), [.. plan.Service.RequestValues.Select(static value => value.Name)]),
                PassThrough = parse.GetValue(keep) ?? [],
                WithStatuses = parse.GetValue(statuses),
                AsOf = parse.GetValue(asOf) is { } text
                    ? UnixMicroseconds.TryParse(text, out var moment) ? moment : throw new UsageException($"--as-of '{text}' is not a time with a zone.")
                    : null,
                OutputPath = Path.GetFullPath(parse.GetRequiredValue(output)),
            };
            var set = await StepConsole.ToStandardError(1).RunAsync("point-in-time training set", async progress =>
            {
                var built = await reader.Store.BuildTrainingSetAsync(request with { Share = progress }, null, cancellationToken);
                return (built, $"{built.Rows:N0} rows x {plan.Service.Columns.Count} features");
            });
            if (parse.GetValue(json))
            {
                Console.Out.Write(await File.ReadAllTextAsync(set.Path + ".json", cancellationToken));
            }
            else
            {
                TrainingSetView.Write(set);
                Console.Out.WriteLine($"{set.Path}  rows {set.Rows:N0}  fingerprint {set.Fingerprint}");
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static Option<string[]> Mapping(string name, string description) => new(name) { Description = description, AllowMultipleArgumentsPerToken = true };

    // A name that the service does not have is written wrong: its column would go unread, and another one might be read in its place.
    private static Dictionary<string, string> ParseMapping(string option, IEnumerable<string>? texts, IReadOnlyList<string> known)
    {
        var mapping = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts ?? [])
        {
            if (text.Split('=', 2) is not [{ Length: > 0 } name, { Length: > 0 } column] || !mapping.TryAdd(name, column))
            {
                throw new UsageException($"{option} '{text}' is not NAME=COLUMN, or gives a name twice.");
            }

            if (!known.Contains(name))
            {
                throw new UsageException($"{option} '{text}': the service has no '{name}'; expected {(known.Count == 0 ? "none, since it takes none" : $"one of {string.Join(", ", known)}")}.");
            }
        }

        return mapping;
    }
}

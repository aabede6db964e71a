using System.CommandLine;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Recommendation;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml train recommendation</c>: who used what, to a registered recommender.</summary>
internal static class TrainRecommendationCommand
{
    public static Command Create()
    {
        var table = new Option<string>("--table")
        {
            Description = "Interactions: a .csv, .tsv (.gz or plain) or .parquet file with a header, or the name of a table of the feature store.", Required = true,
        };
        var user = new Option<string>("--user") { Description = "Column with user ids.", Required = true };
        var item = new Option<string>("--item") { Description = "Column with item ids.", Required = true };
        var time = new Option<string?>("--time") { Description = "Column with times: numbers, or RFC 3339 with a zone. Without it nothing is known of the order." };
        var entity = new Option<string?>("--entity") { Description = "Entity that the users of a table of the feature store are: deleted ones are left out." };
        var algorithm = new Option<string>("--algorithm")
        {
            Description = $"One of {string.Join(", ", RecommendationTraining.Algorithms)}.", DefaultValueFactory = static _ => "als",
        };
        var attributes = new Option<string?>("--item-attributes") { Description = "File with the columns item, attribute and value: for filters, content, and items nobody used yet." };
        var recent = new Option<string?>("--recent") { Description = "Where a server reads recent items: SERVICE:COLUMN:KEY, a feature service, its last_k column of item ids and the key of the user." };
        var loss = new Option<double>("--gate-loss") { Description = "Loss of NDCG against the champion that is accepted for sure.", DefaultValueFactory = static _ => 0 };
        var model = new Option<string>("--model") { Description = "Name of the model, and of the experiment.", DefaultValueFactory = static _ => "recommender" };
        var alias = new Option<string?>("--alias") { Description = "Alias for a version that passed the gate. Default: champion for the first, else challenger." };
        var name = new Option<string?>("--name") { Description = "Name of the run. Default: the table and the algorithm." };
        var seed = new Option<int>("--seed") { Description = "Seed of everything random.", DefaultValueFactory = static _ => 1 };
        var output = new Option<string?>("--out", "-o") { Description = "Write the package to this new folder and do not register it." };
        var json = CommonOptions.Json();
        var command = new Command("recommendation", "Trains a recommender on implicit feedback, who used what; tracks, gates and registers it.")
        {
            table, user, item, time, entity, algorithm, attributes, recent, loss, model, alias, name, seed, output, json,
        };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var chosen = parse.GetRequiredValue(algorithm);
            if (!RecommendationTraining.Algorithms.Contains(chosen))
            {
                throw new UsageException($"--algorithm '{chosen}' is unknown; expected one of {string.Join(", ", RecommendationTraining.Algorithms)}.");
            }

            var (directory, project) = (common.DataDirectory(parse), common.Project(parse));
            var options = new RecommendationTrainOptions
            {
                Source = new InteractionSource
                {
                    Table = parse.GetRequiredValue(table),
                    User = parse.GetRequiredValue(user),
                    Item = parse.GetRequiredValue(item),
                    Time = parse.GetValue(time),
                    Attributes = parse.GetValue(attributes),
                    Entity = parse.GetValue(entity),
                    DataDirectory = directory,
                    Project = project,
                },
                Algorithm = chosen,
                Seed = parse.GetValue(seed),
                Recent = ParseRecent(parse.GetValue(recent)),
                Gate = new EvaluationGate { LossAccepted = parse.GetValue(loss) },
                Name = parse.GetValue(name),
                Target = new TrainingTarget
                {
                    Model = new ModelName(project, parse.GetRequiredValue(model)),
                    Directory = directory,
                    Output = parse.GetValue(output) is { } folder ? Path.GetFullPath(folder) : null,
                    Alias = parse.GetValue(alias),
                },
            };
            var report = await new RecommendationTrainRun(options, StepConsole.ToStandardError(RecommendationTrainRun.StepCount)).RunAsync(cancellationToken);
            if (parse.GetValue(json))
            {
                RecommendationTrainView.WriteJson(report, options);
            }
            else
            {
                RecommendationTrainView.Show(Terminals.Output, report);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static (string Service, string Column, string Key)? ParseRecent(string? text) => text?.Split(':') switch
    {
        null => null,
        [{ Length: > 0 } service, { Length: > 0 } column, { Length: > 0 } key] => (service, column, key),
        _ => throw new UsageException($"--recent '{text}' is not SERVICE:COLUMN:KEY."),
    };
}

using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml recommend</c>: the best items for a user, for recent items, or like an item; users like a user.</summary>
internal static class RecommendCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "Name of the registered model." };
        var user = new Option<string>("--user", "-u") { Description = "Id of a user.", DefaultValueFactory = static _ => "" };
        var recent = Many("--recent", "Recent items, the oldest first.");
        var like = Many("--like", "Attributes NAME=VALUE of an item, to find items like it by content.");
        var item = new Option<string>("--similar-to-item") { Description = "Items that are used like this one.", DefaultValueFactory = static _ => "" };
        var other = new Option<string>("--similar-to-user") { Description = "Users with the most alike histories.", DefaultValueFactory = static _ => "" };
        var count = new Option<uint?>("-k", "--count") { Description = "How many. Default: 10." };
        var seen = new Option<bool>("--include-seen") { Description = "Recommend items again that the user had." };
        var exclude = Many("--exclude", "Items that are not recommended.");
        var candidates = Many("--candidates", "Score only these items.");
        var score = Many("--score", "Score these items, in this order, instead of the best ones; those that the user had too.");
        var filters = Many("--filter", "ATTRIBUTE=VALUE; several values of one attribute are alternatives.");
        var approximate = new Option<bool>("--approximate") { Description = "Let the model's index answer." };
        var version = new Option<long?>("--version-number") { Description = "A version of the model. Default: alias champion." };
        var alias = new Option<string?>("--alias") { Description = "An alias of the model. Default: champion." };
        var json = CommonOptions.Json();
        var command = new Command("recommend", "Asks a recommender for the best items.")
        {
            model, user, recent, like, item, other, count, seen, exclude, candidates, score, filters, approximate, version, alias, json,
        };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var request = new RecommendRequest
            {
                Project = common.Project(parse),
                Model = parse.GetRequiredValue(model),
                User = parse.GetValue(user),
                SimilarToItem = parse.GetValue(item),
                SimilarToUser = parse.GetValue(other),
                IncludeSeen = parse.GetValue(seen),
                Approximate = parse.GetValue(approximate),
            };
            if (parse.GetValue(count) is { } most)
            {
                request.K = most;
            }

            request.ScoreItems.AddRange(parse.GetValue(score) ?? []);
            request.RecentItems.AddRange(parse.GetValue(recent) ?? []);
            request.LikeAttributes.AddRange(parse.GetValue(like) ?? []);
            request.ExcludeItems.AddRange(parse.GetValue(exclude) ?? []);
            request.CandidateItems.AddRange(parse.GetValue(candidates) ?? []);
            foreach (var group in (parse.GetValue(filters) ?? []).Select(ParseFilter).GroupBy(static pair => pair.Name))
            {
                request.Filters.Add(new AttributeFilter { Attribute = group.Key, Values = { group.Select(static pair => pair.Value) } });
            }

            if (parse.GetValue(version) is { } number)
            {
                request.Version = number;
            }
            else if (parse.GetValue(alias) is { } name)
            {
                request.Alias = name;
            }

            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: false, cancellationToken);
            var answer = await connection.Client.Predictions.RecommendAsync(request, cancellationToken: cancellationToken);
            if (parse.GetValue(json))
            {
                ProtoJson.Write(answer);
            }
            else
            {
                Show(answer);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static Option<string[]> Many(string name, string description) => new(name) { Description = description, AllowMultipleArgumentsPerToken = true };

    private static (string Name, string Value) ParseFilter(string text) => text.Split('=', 2) is [{ Length: > 0 } name, var value]
        ? (name, value)
        : throw new UsageException($"--filter '{text}' is not ATTRIBUTE=VALUE.");

    private static void Show(RecommendResponse answer)
    {
        Terminals.Output.MarkupLineInterpolated($"[bold]{answer.Model}[/] version {answer.ModelVersion}, from {SourceOf(answer.Source)}{(answer.Exact ? "" : ", approximate")}");
        var table = new Table().Border(TableBorder.Rounded).AddColumns("", "id", "score");
        for (var place = 0; place < answer.Items.Count; place++)
        {
            table.AddRow(
                (place + 1).ToString(CultureInfo.InvariantCulture), Markup.Escape(answer.Items[place].Id), answer.Items[place].Score.ToString("G5", CultureInfo.InvariantCulture));
        }

        Terminals.Output.Write(table);
        Terminals.Output.MarkupLineInterpolated($"[grey]prediction {answer.PredictionId}{(answer.RecentItemsRead > 0 ? $", {answer.RecentItemsRead} recent items read" : "")}[/]");
        if (answer.UnknownItems.Count > 0)
        {
            Terminals.Output.MarkupLineInterpolated($"[grey]not in the catalogue: {string.Join(", ", answer.UnknownItems)}[/]");
        }
    }

    private static string SourceOf(RecommendationSource source) => source switch
    {
        RecommendationSource.TrainedUser => "the user as trained",
        RecommendationSource.FoldIn => "the history, folded in",
        RecommendationSource.Content => "content",
        RecommendationSource.Popularity => "popularity",
        _ => "similarity",
    };
}

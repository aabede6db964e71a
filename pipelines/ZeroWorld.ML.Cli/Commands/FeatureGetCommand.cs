using System.CommandLine;
using Spectre.Console;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml features get</c>: online features by entity id.</summary>
internal static class FeatureGetCommand
{
    public static Command Create()
    {
        var features = new Argument<string[]>("features")
        {
            Description = "Features as VIEW.FEATURE or VIEW.*. None with --service.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var service = new Option<string?>("--service", "-s") { Description = "A registered feature service, instead of features by name." };
        var entities = new Option<string[]>("--entity", "-e")
        {
            Description = "Entity key as NAME=VALUE, or NAME:TYPE=VALUE where the text does not show the type; given again, the next row's.",
            AllowMultipleArgumentsPerToken = true,
        };
        var values = new Option<string[]>("--request", "-r")
        {
            Description = "Request value as NAME=VALUE or NAME:TYPE=VALUE; given again, the next row's.",
            AllowMultipleArgumentsPerToken = true,
        };
        var time = new Option<string?>("--time") { Description = "The moment of the read, RFC 3339 with a zone. Default: now." };
        var redis = CommonOptions.Redis();
        var json = CommonOptions.Json();
        var command = new Command("get", "Reads online features by entity id, with status and event time of each.") { features, service, entities, values, time, redis, json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var request = new GetOnlineFeaturesRequest { Project = common.Project(parse), FeatureService = parse.GetValue(service) ?? "" };
            request.Features.AddRange(parse.GetValue(features) ?? []);
            request.Entities.AddRange(ColumnText.ParseRows("--entity", parse.GetValue(entities) ?? []));
            request.Request.AddRange(ColumnText.ParseRows("--request", parse.GetValue(values) ?? []));
            if (parse.GetValue(time) is { } text)
            {
                request.Request.Add(ColumnText.ParseTime("--time", text));
            }

            await using var connection = await ServerConnection.OpenAsync(
                common.DataDirectory(parse), mayCreate: false, cancellationToken, CommonOptions.RedisFlags(parse.GetValue(redis)));
            var answer = await connection.Client.Features.GetOnlineFeaturesAsync(request, cancellationToken: cancellationToken);
            if (parse.GetValue(json))
            {
                ProtoJson.Write(answer);
            }
            else
            {
                Show(request, answer);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void Show(GetOnlineFeaturesRequest request, GetOnlineFeaturesResponse answer)
    {
        var rows = answer.Features.Count == 0 ? 0 : answer.Features[0].Statuses.Count;
        for (var row = 0; row < rows; row++)
        {
            var keys = string.Join(", ", request.Entities.Select(column => $"{column.Name} {ColumnText.Show(column, column.RowCount == 1 ? 0 : row)}"));
            Terminals.Output.MarkupLineInterpolated($"[bold]{keys}[/]");
            Terminals.Output.Write(FeatureTable.Of(answer.Features, row));
        }
    }
}

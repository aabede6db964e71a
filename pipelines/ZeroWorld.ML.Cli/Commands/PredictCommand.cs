using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml predict</c>: one prediction by entity id.</summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "Name of the registered model." };
        var entities = new Option<string[]>("--entity", "-e")
        {
            Description = "Entity key as NAME=VALUE, or NAME:TYPE=VALUE where the text does not show the type (string, int64...).",
            AllowMultipleArgumentsPerToken = true,
        };
        var values = new Option<string[]>("--request", "-r")
        {
            Description = "Request value as NAME=VALUE or NAME:TYPE=VALUE.",
            AllowMultipleArgumentsPerToken = true,
        };
        var time = new Option<string?>("--time") { Description = "The moment of the read, RFC 3339 with a zone. Default: now." };
        var version = new Option<long?>("--version-number") { Description = "A version of the model. Default: alias champion." };
        var alias = new Option<string?>("--alias") { Description = "An alias of the model. Default: champion." };
        var reasons = new Option<int>("--reasons") { Description = "How many reason codes: the features that moved the score most. Default: none." };
        var json = CommonOptions.Json();
        var command = new Command("predict", "Asks for one prediction by entity id.") { model, entities, values, time, version, alias, reasons, json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var wanted = parse.GetValue(reasons);
            if (wanted < 0)
            {
                throw new UsageException($"--reasons is {wanted}; expected 0 or more.");
            }

            var request = new PredictRequest { Project = common.Project(parse), Model = parse.GetRequiredValue(model), Reasons = (uint)wanted };
            request.Entities.AddRange((parse.GetValue(entities) ?? []).Select(text => ColumnText.Parse("--entity", text)));
            request.Request.AddRange((parse.GetValue(values) ?? []).Select(text => ColumnText.Parse("--request", text)));
            if (parse.GetValue(time) is { } text)
            {
                request.Request.Add(ColumnText.ParseTime("--time", text));
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
            var answer = await connection.Client.Predictions
                .PredictAsync(request, cancellationToken: cancellationToken);
            if (parse.GetValue(json))
            {
                ProtoJson.Write(answer);
            }
            else
            {
                Show(answer);
            }

            return answer.RowErrors.Count == 0 ? ExitCode.Success : ExitCode.Failure;
        });
        return command;
    }

    private static void Show(PredictResponse answer)
    {
        foreach (var error in answer.RowErrors)
        {
            Terminals.Output.MarkupLineInterpolated($"[red]row {error.Row}: {error.Message}[/]");
        }

        Terminals.Output.MarkupLineInterpolated($"[bold]{answer.Model}[/] version {answer.ModelVersion}");
        foreach (var output in answer.Outputs)
        {
            Terminals.Output.MarkupLineInterpolated($"{output.Name}  [bold]{ColumnText.Show(output, 0)}[/]");
        }

        if (answer.Decisions.Count > 0)
        {
            Terminals.Output.MarkupLineInterpolated($"decision  [bold]{answer.Decisions[0]}[/]");
        }

        if (answer.Reasons.Count > 0)
        {
            var table = new Table().Border(TableBorder.Rounded).AddColumns("reason", "contribution");
            foreach (var code in answer.Reasons[0].Codes)
            {
                table.AddRow(Markup.Escape(code.Feature), code.Contribution.ToString("+0.0000;-0.0000", CultureInfo.InvariantCulture));
            }

            table.Caption(string.Create(CultureInfo.InvariantCulture, $"added to {answer.Reasons[0].BaseValue:0.0000}, the mean of the training rows: log odds (of a random forest probability) before calibration"));
            Terminals.Output.Write(table);
        }

        Terminals.Output.Write(FeatureTable.Of(answer.Features, row: 0));
        Terminals.Output.MarkupLineInterpolated($"[grey]replay it with: zwml replay {answer.PredictionId}[/]");
    }
}

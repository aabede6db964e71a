using System.CommandLine;
using System.Text.Unicode;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml replay</c>: runs a logged prediction again and compares the bits.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("prediction-id") { Description = "The prediction_id of an answer." };
        var json = CommonOptions.Json();
        var command = new Command("replay", "Runs a logged prediction again from its logged features and compares the outputs bit for bit.") { id, json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: false, cancellationToken);
            var answer = await connection.Client.Predictions.ReplayPredictionAsync(
                new ReplayPredictionRequest { Project = common.Project(parse), PredictionId = parse.GetRequiredValue(id) },
                cancellationToken: cancellationToken);
            if (parse.GetValue(json))
            {
                ProtoJson.Write(answer);
            }
            else
            {
                Show(answer);
            }

            return answer.Equal ? ExitCode.Success : ExitCode.Failure;
        });
        return command;
    }

    // Outputs of texts, such as the ids of a recommendation, are UTF-8 as often as not.
    private static string Text(Column column, int row) =>
        column.ValuesCase == Column.ValuesOneofCase.Bytes && !column.NullRows.Contains((uint)row) && Utf8.IsValid(column.Bytes.Values[row].Span)
            ? column.Bytes.Values[row].ToStringUtf8()
            : ColumnText.Show(column, row);

    private static void Show(ReplayPredictionResponse answer)
    {
        Terminals.Output.MarkupLineInterpolated($"[bold]{answer.Model}[/] version {answer.ModelVersion}, read at {UnixMicroseconds.ToText(answer.Times[0])}");
        Terminals.Output.Write(FeatureTable.Of(answer.Features, row: 0));
        var table = new Table().Border(TableBorder.Rounded).AddColumns("output", "row", "logged", "replayed");
        foreach (var (logged, replayed) in answer.LoggedOutputs.Zip(answer.ReplayedOutputs))
        {
            for (var row = 0; row < answer.Times.Count; row++)
            {
                table.AddRow(Markup.Escape(logged.Name), row.ToString(), Markup.Escape(ShownText.Lines(Text(logged, row))), Markup.Escape(ShownText.Lines(Text(replayed, row))));
            }
        }

        Terminals.Output.Write(table);
        Terminals.Output.MarkupLine((answer.Equal, answer.SameBuild) switch
        {
            (true, _) => "[green]equal, bit for bit[/]",
            (false, true) => "[red]different, on the build that made it[/]",
            (false, false) => "[yellow]different: this is another build of the runtime than the one that made it[/]",
        });
    }
}

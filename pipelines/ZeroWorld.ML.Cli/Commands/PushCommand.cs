using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml push</c>: events into the online store, as a service would push them.</summary>
internal static class PushCommand
{
    private const int RefusedShown = 20;

    public static Command Create()
    {
        var table = new Argument<string>("table") { Description = "The source table whose views take the events; they must declare push: true." };
        var events = new Option<string[]>("--event", "-e")
        {
            Description = "Column of an event as NAME=VALUE, or NAME:TYPE=VALUE where the text does not show the type; given again, the next event's.",
            AllowMultipleArgumentsPerToken = true,
            Required = true,
        };
        var now = new Option<string?>("--now") { Description = "Column that gets the present moment, a millisecond more for each event." };
        var json = CommonOptions.Json();
        var command = new Command("push", "Pushes events into the online store.") { table, events, now, json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var request = new PushEventsRequest { Project = common.Project(parse), Table = parse.GetRequiredValue(table) };
            request.Columns.AddRange(ColumnText.ParseRows("--event", parse.GetRequiredValue(events)));
            if (parse.GetValue(now) is { } column)
            {
                var rows = request.Columns.Max(static column => column.RowCount);
                var last = UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow());
                request.Columns.Add(new Column
                {
                    Name = column, Timestamps = new TimestampValues { Microseconds = { Enumerable.Range(0, rows).Select(row => last - ((rows - 1 - row) * 1000L)) } },
                });
            }

            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: false, cancellationToken);
            var answer = await connection.Client.Features.PushEventsAsync(request, cancellationToken: cancellationToken);
            if (parse.GetValue(json))
            {
                ProtoJson.Write(answer);
            }
            else
            {
                Terminals.Output.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"[bold]{answer.Accepted}[/] accepted, {answer.RefusedTotal} refused"));
                foreach (var refused in answer.Refused.Take(RefusedShown))
                {
                    Terminals.Output.MarkupLineInterpolated($"[yellow]event {refused.Row}[/]: {refused.Reason}");
                }
            }

            return answer.RefusedTotal == 0 ? ExitCode.Success : ExitCode.Failure;
        });
        return command;
    }
}

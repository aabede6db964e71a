using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
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
        var command = new Command("materialize", "Brings the views of a project online. Repeating it changes nothing.") { until };
        var json = CommonOptions.Json();
        command.Add(json);
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            long? moment = null;
            if (parse.GetValue(until) is { } text)
            {
                moment = UnixMicroseconds.TryParse(text, out var parsed)
                    ? parsed
                    : throw new UsageException($"--until '{text}' is not a time with a zone; expected RFC 3339 such as 2018-08-15T00:00:00Z.");
            }

            await using var server = await LocalServer.StartAsync(common.DataDirectory(parse), mayCreate: false, cancellationToken);
            var fields = await server.Services.GetRequiredService<FeatureServiceCatalog>().GetFieldsAsync(common.Project(parse), null, cancellationToken);
            var result = await StepConsole.ToStandardError(1).RunAsync("online store", async _ =>
            {
                var materializer = new Materializer(
                    server.Services.GetRequiredService<IOfflineStore>(), server.Services.GetRequiredService<IOnlineStore>(), TimeProvider.System);
                var made = await materializer.RunAsync(fields, moment, null, cancellationToken);
                return (made, $"{made.Views.Count} views");
            });
            if (parse.GetValue(json))
            {
                Console.Out.WriteLine(QualityView.ToJson(result));
            }
            else
            {
                var table = new Table().Border(TableBorder.Rounded).AddColumns("view", "entities", "rows", "quarantined", "null keys", "arrived until");
                foreach (var view in result.Views)
                {
                    table.AddRow(Markup.Escape(view.View), $"{view.Entities:N0}", $"{view.Rows:N0}", $"{view.Quarantined:N0}", $"{view.NullKeys:N0}", UnixMicroseconds.ToText(view.Coverage.To));
                }

                Terminals.Output.Write(table);
                QualityView.Write([.. result.Views.SelectMany(static view => view.Quality)]);
            }

            await server.StopAsync();
            return ExitCode.Success;
        });
        return command;
    }
}

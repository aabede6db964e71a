using System.CommandLine;
using Spectre.Console;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml features list|show|get|lineage|training-set|delete-entity</c>.</summary>
internal static class FeaturesCommand
{
    public static Command Create() => new("features", "Registered feature definitions, training sets made of them, and the deletion of entities.")
    {
        CreateList(),
        FeatureShowCommand.Create(),
        FeatureGetCommand.Create(),
        LineageCommand.Create(),
        TrainingSetCommand.Create(),
        DeleteEntityCommand.Create(),
    };

    private static Command CreateList()
    {
        var json = CommonOptions.Json();
        var command = new Command("list", "Lists entities, feature views and feature services with their fingerprints.") { json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: false, cancellationToken, LocalServer.NoOnlineReads);
            var answer = await connection.Client.Features.ListDefinitionsAsync(
                new ListDefinitionsRequest { Project = common.Project(parse) }, cancellationToken: cancellationToken);
            if (parse.GetValue(json))
            {
                ProtoJson.Write(answer);
                return ExitCode.Success;
            }

            var table = new Table().Border(TableBorder.Rounded).AddColumns("kind", "name", "owner", "fingerprint", "description");
            foreach (var definition in answer.Definitions)
            {
                table.AddRow(
                    definition.Kind, Markup.Escape(definition.Name), Markup.Escape(definition.Owner), definition.Fingerprint[..12], Markup.Escape(definition.Description));
            }

            Terminals.Output.Write(table);
            return ExitCode.Success;
        });
        return command;
    }
}

using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml features show NAME</c>: one definition, whole.</summary>
internal static class FeatureShowCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = "Entity, stream, feature view or feature service." };
        var kind = new Option<string?>("--kind") { Description = "Of several definitions of the name this one." };
        kind.AcceptOnlyFromAmong("entity", "stream", "feature_view", "feature_service");
        var json = CommonOptions.Json();
        var command = new Command("show", "Shows a definition as a file may hold it, with every default written out, and its fingerprint.") { name, kind, json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: false, cancellationToken, LocalServer.NoOnlineReads);
            var answer = await connection.Client.Features.ListDefinitionsAsync(
                new ListDefinitionsRequest { Project = common.Project(parse) }, cancellationToken: cancellationToken);
            var wanted = parse.GetRequiredValue(name);
            var found = answer.Definitions.Where(definition => definition.Name == wanted && (parse.GetValue(kind) ?? definition.Kind) == definition.Kind).ToList();
            if (found.Count == 0)
            {
                throw new FeatureException(
                    FeatureError.NotFound,
                    $"There is no {parse.GetValue(kind) ?? "entity, stream, view or service"} '{wanted}' in project '{common.Project(parse)}'. Defined: {string.Join(", ", answer.Definitions.Select(static definition => definition.Name).Distinct().Order(StringComparer.Ordinal))}.");
            }

            if (parse.GetValue(json) && found.Count > 1)
            {
                throw new UsageException($"Several definitions are named '{wanted}'; expected --kind with one of: {string.Join(", ", found.Select(static definition => definition.Kind))}.");
            }

            foreach (var definition in found)
            {
                if (parse.GetValue(json))
                {
                    ShowJson(definition);
                }
                else
                {
                    Show(definition);
                }
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void Show(Definition definition)
    {
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("", "");
        table.AddRow("kind", definition.Kind);
        table.AddRow("name", Markup.Escape(definition.Name));
        table.AddRow("fingerprint", definition.Fingerprint);
        Terminals.Output.Write(table);
        using var document = JsonDocument.Parse(definition.Declaration);
        Console.Out.Write(YamlText.Write(SectionOf(definition.Kind), document.RootElement));
    }

    // As the message, with the declaration as a value and not as a text.
    private static void ShowJson(Definition definition)
    {
        var message = JsonNode.Parse(ProtoJson.Format(definition))!.AsObject();
        message["declaration"] = JsonNode.Parse(definition.Declaration);
        Console.Out.WriteLine(message.ToJsonString(Indented));
    }

    private static string SectionOf(string kind) => kind switch
    {
        "entity" => "entities",
        _ => kind + "s",
    };
}

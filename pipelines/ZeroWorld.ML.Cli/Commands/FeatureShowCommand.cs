using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml features show NAME</c>: one definition, whole.</summary>
internal static class FeatureShowCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = "Entity, feature view or feature service." };
        var json = CommonOptions.Json();
        var command = new Command("show", "Shows a definition: its owner, description and bounds, its fingerprint and what the fingerprint is made of.") { name, json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: false, cancellationToken, LocalServer.NoOnlineReads);
            var answer = await connection.Client.Features.ListDefinitionsAsync(
                new ListDefinitionsRequest { Project = common.Project(parse) }, cancellationToken: cancellationToken);
            var wanted = parse.GetRequiredValue(name);
            var found = answer.Definitions.Where(definition => definition.Name == wanted).ToList();
            if (found.Count == 0)
            {
                throw new FeatureException(
                    FeatureError.NotFound,
                    $"There is no entity, view or service '{wanted}' in project '{common.Project(parse)}'. Defined: {string.Join(", ", answer.Definitions.Select(static definition => definition.Name).Distinct().Order(StringComparer.Ordinal))}.");
            }

            foreach (var definition in found)
            {
                if (parse.GetValue(json))
                {
                    ProtoJson.Write(definition);
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
        AddText("owner", definition.Owner);
        AddText("description", definition.Description);
        AddText("tags", string.Join(", ", definition.Tags.OrderBy(static tag => tag.Key, StringComparer.Ordinal).Select(static tag => $"{tag.Key}={tag.Value}")));
        AddText("bounds", string.Join('\n', definition.Bounds.OrderBy(static feature => feature.Key, StringComparer.Ordinal).Select(static feature => $"{feature.Key}: {Text(feature.Value)}")));
        Terminals.Output.Write(table);
        using var document = JsonDocument.Parse(definition.Json);
        Console.Out.WriteLine(JsonSerializer.Serialize(document.RootElement, Indented));

        void AddText(string label, string text)
        {
            if (text.Length > 0)
            {
                table.AddRow(label, Markup.Escape(text));
            }
        }
    }

    private static string Text(ValueBounds bounds) =>
        QualityView.Describe(new FeatureBounds(bounds.HasMin ? bounds.Min : null, bounds.HasMax ? bounds.Max : null));
}

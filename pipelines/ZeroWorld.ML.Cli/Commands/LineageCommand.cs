using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml features lineage</c>: source table, view, service, models that read it and their training sets.</summary>
internal static class LineageCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var name = new Argument<string?>("name") { Description = "Only what leads to or from this table, view, service or model.", Arity = ArgumentArity.ZeroOrOne };
        var json = CommonOptions.Json();
        var command = new Command("lineage", "Shows what comes from where: source table, feature view, feature service, model versions and the training sets that they were made of.") { name, json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: false, cancellationToken, LocalServer.NoOnlineReads);
            var project = common.Project(parse);
            var definitions = await connection.Client.Features.ListDefinitionsAsync(
                new ListDefinitionsRequest { Project = project }, cancellationToken: cancellationToken);
            var models = await connection.Client.Registry.ListModelsAsync(new ListModelsRequest { Project = project }, cancellationToken: cancellationToken);
            var manifests = new List<ModelVersion>();
            foreach (var version in models.Models.SelectMany(static model => model.Versions))
            {
                manifests.Add(version.ManifestJson.Length > 0 ? version : await connection.Client.Registry.GetModelVersionAsync(
                    new GetModelVersionRequest { Project = project, Model = version.Model, Version = version.Version }, cancellationToken: cancellationToken));
            }

            var paths = Trace(definitions.Definitions, manifests, project);
            if (parse.GetValue(name) is { } wanted)
            {
                paths = [.. paths.Where(path => path.Table == wanted || path.View == wanted || path.Service == wanted || path.Model?.Model == wanted)];
            }

            if (parse.GetValue(json))
            {
                ShowJson(paths);
            }
            else
            {
                Show(paths);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static List<LineagePath> Trace(IEnumerable<Definition> definitions, List<ModelVersion> models, string project)
    {
        var paths = new List<LineagePath>();
        var tables = new Dictionary<string, string>(StringComparer.Ordinal);
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var definition in definitions)
        {
            using var json = JsonDocument.Parse(definition.Json);
            if (definition.Kind == "feature_view")
            {
                tables[definition.Name] = json.RootElement.GetProperty("source").GetProperty("table").GetString()!;
            }
            else if (definition.Kind == "feature_service")
            {
                var readers = models.Where(version => Pins(version, project, definition.Name)).ToList();
                foreach (var view in json.RootElement.GetProperty("views").EnumerateArray().Select(static view => view.GetProperty("name").GetString()!))
                {
                    used.Add(view);
                    paths.AddRange(readers.Count == 0
                        ? [new LineagePath(tables[view], view, definition.Name, null, true)]
                        : readers.Select(version => new LineagePath(tables[view], view, definition.Name, version, IsCurrent(version, definition.Fingerprint))));
                }
            }
        }

        paths.AddRange(tables.Where(item => !used.Contains(item.Key)).Select(static item => new LineagePath(item.Value, item.Key, "", null, true)));
        return [.. paths.OrderBy(static path => path.Table, StringComparer.Ordinal).ThenBy(static path => path.View, StringComparer.Ordinal)
            .ThenBy(static path => path.Service, StringComparer.Ordinal).ThenBy(static path => path.Model?.Model, StringComparer.Ordinal).ThenBy(static path => path.Model?.Version)];
    }

    private static bool Pins(ModelVersion version, string project, string service) =>
        ServiceOf(version) is { } pinned && (string?)pinned["name"] == service && ((string?)pinned["project"] ?? "default") == project;

    private static bool IsCurrent(ModelVersion version, string fingerprint) => (string?)ServiceOf(version)?["fingerprint"] == fingerprint;

    private static JsonNode? ServiceOf(ModelVersion version) => JsonNode.Parse(version.ManifestJson)?["feature_service"];

    private static string? TrainingSetOf(ModelVersion version) => (string?)JsonNode.Parse(version.ManifestJson)?["lineage"]?["training_set"];

    private static void ShowJson(List<LineagePath> paths)
    {
        var list = new JsonArray([.. paths.Select(static path => (JsonNode)new JsonObject
        {
            ["table"] = path.Table,
            ["view"] = path.View,
            ["service"] = path.Service.Length > 0 ? path.Service : null,
            ["model"] = path.Model?.Model,
            ["version"] = path.Model?.Version,
            ["aliases"] = path.Model is null ? null : new JsonArray([.. path.Model.Aliases.Select(static alias => JsonValue.Create(alias))]),
            ["is_retired"] = path.Model?.HasRetiredTime,
            ["training_set"] = path.Model is null ? null : TrainingSetOf(path.Model),
            ["is_current"] = path.IsCurrent,
        })]);
        Console.Out.WriteLine(list.ToJsonString(Indented));
    }

    private static void Show(List<LineagePath> paths)
    {
        const int FingerprintShown = 12;
        var table = new Table().Border(TableBorder.Rounded).AddColumns("source table", "feature view", "feature service", "model", "training set");
        foreach (var path in paths)
        {
            var model = path.Model is null ? "" : Markup.Escape(NameOf(path.Model));
            var set = path.Model is null ? null : TrainingSetOf(path.Model);
            table.AddRow(
                Markup.Escape(path.Table), Markup.Escape(path.View), Markup.Escape(path.Service), path.IsCurrent ? model : $"{model} [yellow](another definition of the service)[/]",
                Markup.Escape(set?[..Math.Min(FingerprintShown, set.Length)] ?? ""));
        }

        Terminals.Output.Write(table);
    }

    private static string NameOf(ModelVersion version)
    {
        var aliases = version.Aliases.Count > 0 ? $" ({string.Join(", ", version.Aliases)})" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{version.Model} v{version.Version}{aliases}{(version.HasRetiredTime ? " (retired)" : "")}");
    }

    /// <param name="Model">The version that pins the service; <see langword="null"/>: none does.</param>
    /// <param name="IsCurrent">Whether the model pins the service as it is defined now.</param>
    private sealed record LineagePath(string Table, string View, string Service, ModelVersion? Model, bool IsCurrent);
}

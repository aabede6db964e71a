using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training.Fraud;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml models bind</c>: a package that is called with tensors, made to read a feature service.</summary>
internal static class ModelsBindCommand
{
    private const string Form = "TENSOR=FEATURE,... for numbers, or TENSOR=LAYOUT:FEATURE with the layout vector, list, mask, length, texts, tokens, token_mask or token_types";

    public static Command Create()
    {
        var source = new Argument<string>("package") { Description = "Folder of a model package (manifest.json and its files)." };
        var output = new Option<string>("--output", "-o") { Description = "A new folder for the bound package.", Required = true };
        var service = new Option<string>("--service") { Description = "The feature service that the model shall read.", Required = true };
        var inputs = new Option<string[]>("--input") { Description = $"What an input is made of: {Form}. Default, for a model of 'train fraud': the columns of its table.", AllowMultipleArgumentsPerToken = true };
        var pairs = new Option<string[]>("--same-length") { Description = "Two lists of one length, as TENSOR=OTHER: the weights and the ids of a sparse feature.", AllowMultipleArgumentsPerToken = true };
        var fills = new Option<string[]>("--fill") { Description = "What fills a list up behind its end, as TENSOR=NUMBER. Default: 0.", AllowMultipleArgumentsPerToken = true };
        var command = new Command("bind", "Copies a package and binds its inputs to features, so that Predict serves it by entity.") { source, output, service, inputs, pairs, fills };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var package = await ModelPackageReader.OpenAsync(parse.GetRequiredValue(source), cancellationToken);
            var given = parse.GetValue(inputs) ?? [];
            var read = given.Length > 0 ? Read(given) : [.. await TableBinding.FindAsync(package, cancellationToken) ?? throw new UsageException(
                $"--input is missing: the package says only of models of 'train fraud' what their inputs are made of; expected {Form}.")];
            var bound = Change(read, parse.GetValue(pairs) ?? [], parse.GetValue(fills) ?? []);
            var definition = await FindAsync(common.DataDirectory(parse), common.Project(parse), parse.GetRequiredValue(service), cancellationToken);
            Check(bound, definition);
            var reference = new FeatureServiceReference(common.Project(parse), definition.Name, definition.Fingerprint);
            var result = await ModelPackageBinding.BindAsync(package, Path.GetFullPath(parse.GetRequiredValue(output)), reference, bound, cancellationToken);
            Terminals.Output.MarkupLineInterpolated($"[green]bound[/] {result.Manifest.Name} to {reference.Name} ({reference.Fingerprint[..12]})  {result.Directory}  {result.Digest}");
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<Definition> FindAsync(string dataDirectory, string project, string service, CancellationToken cancellationToken)
    {
        await using var connection = await ServerConnection.OpenAsync(dataDirectory, mayCreate: false, cancellationToken, LocalServer.NoOnlineReads);
        var known = await connection.Client.Features.ListDefinitionsAsync(new ListDefinitionsRequest { Project = project }, cancellationToken: cancellationToken);
        var services = known.Definitions.Where(static definition => definition.Kind == "feature_service").ToList();
        return services.Find(definition => definition.Name == service) is { } found
            ? found
            : throw new UsageException($"There is no feature service '{service}' in project '{project}'; expected one of: {string.Join(", ", services.Select(static definition => definition.Name))}.");
    }

    // The registry checks order and types; a name that is wrong is told while nothing is written yet.
    private static void Check(List<ManifestInput> bound, Definition service)
    {
        using var json = JsonDocument.Parse(service.Json);
        string[] columns = [.. json.RootElement.GetProperty("columns").EnumerateArray().Select(static column => column.GetProperty("name").GetString()!)];
        foreach (var input in bound)
        {
            if (input.Features.FirstOrDefault(feature => !columns.Contains(feature)) is { } unknown)
            {
                var remedy = unknown == FeatureService.TimeValue
                    ? $" '{unknown}' is the moment of the request; a transform {{ name: at, type: timestamp, expression: {unknown} }} makes a column of it, and --time at of the training takes that one."
                    : string.Empty;
                throw new UsageException($"Input '{input.Tensor}' reads '{unknown}', which is no column of feature service '{service.Name}'; expected some of: {string.Join(", ", columns)}.{remedy}");
            }
        }
    }

    private static List<ManifestInput> Read(string[] inputs)
    {
        var bound = new List<ManifestInput>();
        foreach (var text in inputs)
        {
            var (tensor, value) = Split("--input", text, Form);
            var (layout, features) = value.Split(':', 2) is [var named, var feature] ? (named, feature) : ((string?)null, value);
            bound.Add(new ManifestInput(tensor, "", [], [.. features.Split(',', StringSplitOptions.TrimEntries)]) { Layout = layout });
        }

        return bound;
    }

    private static List<ManifestInput> Change(List<ManifestInput> bound, string[] pairs, string[] fills)
    {
        foreach (var text in pairs)
        {
            var (tensor, other) = Split("--same-length", text, "TENSOR=OTHER");
            Change(bound, "--same-length", tensor, input => input with { SameLengthAs = other });
        }

        foreach (var text in fills)
        {
            var (tensor, value) = Split("--fill", text, "TENSOR=NUMBER");
            var fill = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new UsageException($"--fill '{text}' gives '{value}'; expected a number.");
            Change(bound, "--fill", tensor, input => input with { Fill = fill });
        }

        return bound;
    }

    private static void Change(List<ManifestInput> bound, string option, string tensor, Func<ManifestInput, ManifestInput> change)
    {
        var index = bound.FindIndex(input => input.Tensor == tensor);
        bound[index >= 0 ? index : throw new UsageException($"{option} names the input '{tensor}', which no --input binds.")] = change(bound[Math.Max(index, 0)]);
    }

    private static (string Name, string Value) Split(string option, string text, string form)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0 && at < text.Length - 1 ? (text[..at], text[(at + 1)..]) : throw new UsageException($"{option} '{text}' is of another form; expected {form}.");
    }
}

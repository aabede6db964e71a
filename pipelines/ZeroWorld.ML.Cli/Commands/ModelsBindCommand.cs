using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using ZeroWorld.ML.Models;
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
        var inputs = new Option<string[]>("--input") { Description = $"What an input is made of: {Form}.", Required = true, AllowMultipleArgumentsPerToken = true };
        var pairs = new Option<string[]>("--same-length") { Description = "Two lists of one length, as TENSOR=OTHER: the weights and the ids of a sparse feature.", AllowMultipleArgumentsPerToken = true };
        var fills = new Option<string[]>("--fill") { Description = "What fills a list up behind its end, as TENSOR=NUMBER. Default: 0.", AllowMultipleArgumentsPerToken = true };
        var command = new Command("bind", "Copies a package and binds its inputs to features, so that Predict serves it by entity.") { source, output, service, inputs, pairs, fills };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var bound = Bind(parse.GetValue(inputs) ?? [], parse.GetValue(pairs) ?? [], parse.GetValue(fills) ?? []);
            var package = await ModelPackageReader.OpenAsync(parse.GetRequiredValue(source), cancellationToken);
            var reference = await FindAsync(common.DataDirectory(parse), common.Project(parse), parse.GetRequiredValue(service), cancellationToken);
            var result = await ModelPackageBinding.BindAsync(package, Path.GetFullPath(parse.GetRequiredValue(output)), reference, bound, cancellationToken);
            Terminals.Output.MarkupLineInterpolated($"[green]bound[/] {result.Manifest.Name} to {reference.Name} ({reference.Fingerprint[..12]})  {result.Directory}  {result.Digest}");
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<FeatureServiceReference> FindAsync(string dataDirectory, string project, string service, CancellationToken cancellationToken)
    {
        await using var connection = await ServerConnection.OpenAsync(dataDirectory, mayCreate: false, cancellationToken, LocalServer.NoOnlineReads);
        var known = await connection.Client.Features.ListDefinitionsAsync(new ListDefinitionsRequest { Project = project }, cancellationToken: cancellationToken);
        var services = known.Definitions.Where(static definition => definition.Kind == "feature_service").ToList();
        return services.Find(definition => definition.Name == service) is { } found
            ? new FeatureServiceReference(project, found.Name, found.Fingerprint)
            : throw new UsageException($"There is no feature service '{service}' in project '{project}'; expected one of: {string.Join(", ", services.Select(static definition => definition.Name))}.");
    }

    private static List<ManifestInput> Bind(string[] inputs, string[] pairs, string[] fills)
    {
        var bound = new List<ManifestInput>();
        foreach (var text in inputs)
        {
            var (tensor, value) = Split("--input", text, Form);
            var (layout, features) = value.Split(':', 2) is [var named, var feature] ? (named, feature) : ((string?)null, value);
            bound.Add(new ManifestInput(tensor, "", [], [.. features.Split(',', StringSplitOptions.TrimEntries)]) { Layout = layout });
        }

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

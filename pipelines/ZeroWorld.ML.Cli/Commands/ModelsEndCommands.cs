using System.CommandLine;
using Spectre.Console;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml models retire|restore|delete</c>: the end of a version.</summary>
internal static class ModelsEndCommands
{
    public static Command CreateRetire() => Create(
        "retire",
        "Takes a version out of use: no server loads it, no alias can point at it, and its feature definitions may change. 'restore' takes that back.",
        static async (registry, project, model, version, cancellationToken) =>
        {
            await registry.RetireModelVersionAsync(new RetireModelVersionRequest { Project = project, Model = model, Version = version }, cancellationToken: cancellationToken);
            Terminals.Output.MarkupLineInterpolated($"{model} version {version} is [yellow]retired[/]; take it back with: zwml models restore {model} {version}");
        });

    public static Command CreateRestore() => Create(
        "restore",
        "Takes a retired version back into use, unless its feature definitions have changed since.",
        static async (registry, project, model, version, cancellationToken) =>
        {
            await registry.RestoreModelVersionAsync(new RestoreModelVersionRequest { Project = project, Model = model, Version = version }, cancellationToken: cancellationToken);
            Terminals.Output.MarkupLineInterpolated($"{model} version {version} is [green]in use[/] again");
        });

    public static Command CreateDelete() => Create(
        "delete",
        "Deletes a retired version for good. Its number is not used again, and predictions that it made can no longer be replayed.",
        static async (registry, project, model, version, cancellationToken) =>
        {
            await registry.DeleteModelVersionAsync(new DeleteModelVersionRequest { Project = project, Model = model, Version = version }, cancellationToken: cancellationToken);
            Terminals.Output.MarkupLineInterpolated($"{model} version {version} is [red]deleted[/]");
        });

    private static Command Create(string name, string description, Func<RegistryService.RegistryServiceClient, string, string, long, CancellationToken, Task> run)
    {
        var model = new Argument<string>("model") { Description = "Name of the model." };
        var version = new Argument<long>("version") { Description = "Number of the version." };
        var command = new Command(name, description) { model, version };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: true, cancellationToken, LocalServer.NoOnlineReads);
            await run(connection.Client.Registry, common.Project(parse), parse.GetRequiredValue(model), parse.GetRequiredValue(version), cancellationToken);
            return ExitCode.Success;
        });
        return command;
    }
}

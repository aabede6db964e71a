using System.CommandLine;
using System.Globalization;
using Google.Protobuf;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml models list|show|register|alias|retire|restore|delete|collect|bind|package-text</c>.</summary>
internal static class ModelsCommand
{
    private const int ChunkBytes = 256 * 1024;

    public static Command Create() => new("models", "Registered models, their versions and aliases.")
    {
        CreateList(),
        CreateShow(),
        CreateRegister(),
        CreateAlias(),
        ModelsEndCommands.CreateRetire(),
        ModelsEndCommands.CreateRestore(),
        ModelsEndCommands.CreateDelete(),
        ModelsCollectCommand.Create(),
        ModelsBindCommand.Create(),
        ModelsPackageTextCommand.Create(),
    };

    private static Command CreateList()
    {
        var json = CommonOptions.Json();
        var command = new Command("list", "Lists models with their versions and aliases.") { json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: true, cancellationToken, LocalServer.NoOnlineReads);
            var answer = await connection.Client.Registry
                .ListModelsAsync(new ListModelsRequest { Project = common.Project(parse) }, cancellationToken: cancellationToken);
            if (parse.GetValue(json))
            {
                ProtoJson.Write(answer);
                return ExitCode.Success;
            }

            var table = new Table().Border(TableBorder.Rounded).AddColumns("model", "version", "aliases", "created", "state", "digest");
            foreach (var version in answer.Models.SelectMany(static model => model.Versions))
            {
                table.AddRow(
                    Markup.Escape(version.Model),
                    version.Version.ToString(CultureInfo.InvariantCulture),
                    Markup.Escape(string.Join(", ", version.Aliases)),
                    UnixMicroseconds.ToText(version.CreatedTime),
                    version.HasRetiredTime ? $"retired {UnixMicroseconds.ToText(version.RetiredTime)}" : "",
                    version.Digest[..19]);
            }

            Terminals.Output.Write(table);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateShow()
    {
        var model = new Argument<string>("model") { Description = "Name of the model." };
        var version = new Option<long?>("--version-number") { Description = "A version. Default: alias champion." };
        var alias = new Option<string>("--alias") { Description = "An alias.", DefaultValueFactory = static _ => "champion" };
        var command = new Command("show", "Prints the manifest of a version.") { model, version, alias };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: true, cancellationToken, LocalServer.NoOnlineReads);
            var answer = await connection.Client.Registry.GetModelVersionAsync(
                new GetModelVersionRequest
                {
                    Project = common.Project(parse),
                    Model = parse.GetRequiredValue(model),
                    Version = parse.GetValue(version) ?? 0,
                    Alias = parse.GetValue(version) is null ? parse.GetRequiredValue(alias) : "",
                },
                cancellationToken: cancellationToken);
            Console.Out.WriteLine(answer.ManifestJson);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateRegister()
    {
        var model = new Argument<string>("model") { Description = "Name of the model." };
        var folder = new Argument<string>("package") { Description = "Folder of a model package (manifest.json and its files)." };
        var command = new Command("register", "Registers a package as the next version, after the registry has run and checked it.") { model, folder };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var path = parse.GetRequiredValue(folder);
            if (!File.Exists(Path.Combine(path, ModelPackage.ManifestFile)))
            {
                throw new UsageException($"The folder '{path}' has no {ModelPackage.ManifestFile}.");
            }

            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: true, cancellationToken, LocalServer.NoOnlineReads);
            var version = await UploadAsync(connection, common.Project(parse), parse.GetRequiredValue(model), path, cancellationToken);
            Terminals.Output.MarkupLineInterpolated($"[green]registered[/] {version.Model} version {version.Version} ({version.Digest})");
            if (version.HasRetiredTime)
            {
                Terminals.Output.MarkupLineInterpolated($"[yellow]note:[/] this package was registered before, and its version is retired; take it back with: zwml models restore {version.Model} {version.Version}");
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateAlias()
    {
        var model = new Argument<string>("model") { Description = "Name of the model." };
        var alias = new Argument<string>("alias") { Description = "The alias, for example champion." };
        var version = new Argument<long?>("version") { Description = "The version it shall point at.", Arity = ArgumentArity.ZeroOrOne };
        var expected = new Option<long?>("--expect") { Description = "Refuse unless it points at this version now (0: does not exist yet)." };
        var remove = new Option<bool>("--remove") { Description = "Remove the alias: nothing answers by it any more." };
        var command = new Command("alias", "Moves an alias, atomically, or removes it.") { model, alias, version, expected, remove };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            if (parse.GetValue(remove) == parse.GetValue(version) is not null)
            {
                throw new UsageException("Expected a version that the alias shall point at, or --remove.");
            }

            if (parse.GetValue(remove))
            {
                await RemoveAliasAsync(common.DataDirectory(parse), common.Project(parse), parse.GetRequiredValue(model), parse.GetRequiredValue(alias), parse.GetValue(expected), cancellationToken);
                return ExitCode.Success;
            }

            var request = new SetAliasRequest
            {
                Project = common.Project(parse),
                Model = parse.GetRequiredValue(model),
                Alias = parse.GetRequiredValue(alias),
                Version = parse.GetValue(version)!.Value,
            };
            if (parse.GetValue(expected) is { } current)
            {
                request.ExpectedVersion = current;
            }

            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: true, cancellationToken, LocalServer.NoOnlineReads);
            var answer = await connection.Client.Registry.SetAliasAsync(request, cancellationToken: cancellationToken);
            Terminals.Output.MarkupLineInterpolated($"{request.Model}@{answer.Name} -> version {answer.Version}");
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task RemoveAliasAsync(string directory, string project, string model, string alias, long? expected, CancellationToken cancellationToken)
    {
        var request = new RemoveAliasRequest { Project = project, Model = model, Alias = alias };
        if (expected is { } current)
        {
            request.ExpectedVersion = current;
        }

        await using var connection = await ServerConnection.OpenAsync(directory, mayCreate: true, cancellationToken, LocalServer.NoOnlineReads);
        var answer = await connection.Client.Registry.RemoveAliasAsync(request, cancellationToken: cancellationToken);
        Terminals.Output.MarkupLineInterpolated($"{model}@{answer.Name} is removed; it pointed at version {answer.Version}");
    }

    internal static async Task<V1.ModelVersion> UploadAsync(
        ServerConnection connection, string project, string model, string folder, CancellationToken cancellationToken)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)
            .ToList();
        using var call = connection.Client.Registry.RegisterModelVersion(cancellationToken: cancellationToken);
        var header = new RegisterHeader { Project = project, Model = model };
        header.Files.AddRange(files);
        await call.RequestStream.WriteAsync(new RegisterModelVersionRequest { Header = header }, cancellationToken);
        var buffer = new byte[ChunkBytes];
        foreach (var file in files)
        {
            await using var stream = File.OpenRead(Path.Combine(folder, file));
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
            {
                var chunk = new FileChunk { File = file, Data = ByteString.CopyFrom(buffer, 0, read) };
                await call.RequestStream.WriteAsync(new RegisterModelVersionRequest { Chunk = chunk }, cancellationToken);
            }
        }

        await call.RequestStream.CompleteAsync();
        return await call.ResponseAsync;
    }
}

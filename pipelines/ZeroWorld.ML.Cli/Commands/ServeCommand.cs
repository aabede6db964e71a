using System.CommandLine;
using ZeroWorld.ML.Hosting;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml serve</c>: the server on a data directory, until it is stopped.</summary>
internal static class ServeCommand
{
    public const string Name = "serve";

    public static Command Create()
    {
        var file = new Option<string?>("--config") { Description = $"Settings file. Default: {ConfigurationInputs.DefaultFile} where there is one." };
        var command = new Command(Name, "Serves the models and features of a data directory (HTTP 8000, gRPC 8001, metrics 8002).") { file };
        var server = ServerSettings.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var configuration = ZeroWorldConfiguration.Load(ConfigurationInputs.FromProcess(server.Flags(parse), parse.GetValue(file)));
            await using var instance = ZeroWorldServer.Create(configuration);
            await instance.StartAsync(cancellationToken);
            await instance.RunAsync(cancellationToken);
            return ExitCode.Success;
        });
        return command;
    }
}

using System.CommandLine;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml schema</c>: the JSON schema of definition files, for editors.</summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var command = new Command("schema", "Prints the JSON schema of definition files. An editor takes it from a first line '# yaml-language-server: $schema=FILE'.");
        command.SetAction(static _ =>
        {
            Console.Out.Write(DefinitionSchema.Read());
            return ExitCode.Success;
        });
        return command;
    }
}

using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using ZeroWorld.ML.Hosting;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml config show</c>: every setting with its value and where it came from.</summary>
internal static class ConfigCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var file = new Option<string?>("--config") { Description = $"Settings file. Default: {ConfigurationInputs.DefaultFile} where there is one." };
        var json = CommonOptions.Json();
        var show = new Command("show", "Prints each setting with its value and its source.") { file, json };
        var server = ServerSettings.AddTo(show);
        show.SetAction(parse =>
        {
            var configuration = ZeroWorldConfiguration.Load(ConfigurationInputs.FromProcess(server.Flags(parse), parse.GetValue(file)));
            if (parse.GetValue(json))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(configuration.Entries, Indented));
                return ExitCode.Success;
            }

            var table = new Table().Border(TableBorder.Rounded).AddColumns("setting", "value", "source");
            foreach (var entry in configuration.Entries)
            {
                table.AddRow(Markup.Escape(entry.Key), Markup.Escape(entry.Value ?? "-"), Markup.Escape(entry.Source));
            }

            Terminals.Output.Write(table);
            return ExitCode.Success;
        });
        return new Command("config", "Settings of this installation.") { show };
    }
}

using System.CommandLine;

namespace ZeroWorld.ML.Cli;

/// <summary>Options that every command with state takes.</summary>
internal sealed class CommonOptions
{
    private readonly Option<string> _data = new("--data") { Description = "Data directory.", DefaultValueFactory = static _ => ".zeroworld" };
    private readonly Option<string> _project = new("--project") { Description = "Project (tenant).", DefaultValueFactory = static _ => "default" };

    private CommonOptions()
    {
    }

    public static CommonOptions AddTo(Command command)
    {
        var options = new CommonOptions();
        command.Add(options._data);
        command.Add(options._project);
        return options;
    }

    public static Option<bool> Json() => new("--json") { Description = "Answer as JSON on standard output." };

    /// <summary>Full path of the data directory.</summary>
    public string DataDirectory(ParseResult parse) => Path.GetFullPath(parse.GetRequiredValue(_data));

    public string Project(ParseResult parse) => parse.GetRequiredValue(_project);
}

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

    /// <summary>The online store of a command that asks the running server where there is one.</summary>
    public static Option<string?> Redis() => new("--redis")
    {
        Description = "HOST:PORT of the Redis with the online features, where no server runs in the data directory. Default: that of the settings, else the embedded store.",
    };

    /// <summary>Settings for an <see cref="Redis"/> that was given.</summary>
    public static Dictionary<string, string> RedisFlags(string? redis) => redis is null ? [] : new Dictionary<string, string> { ["Online:Redis"] = redis };

    /// <summary>Full path of the data directory.</summary>
    public string DataDirectory(ParseResult parse) => Path.GetFullPath(parse.GetRequiredValue(_data));

    public string Project(ParseResult parse) => parse.GetRequiredValue(_project);
}

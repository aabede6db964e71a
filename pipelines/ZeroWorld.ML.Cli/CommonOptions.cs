using System.CommandLine;
using ZeroWorld.ML.Hosting;

namespace ZeroWorld.ML.Cli;

/// <summary>Options that every command with state takes.</summary>
internal sealed class CommonOptions
{
    private readonly Option<string?> _data = new("--data") { Description = "Data directory. Default: that of the settings, else .zeroworld." };
    private readonly Option<string> _project;

    private CommonOptions(Option<string> project) => _project = project;

    public static CommonOptions AddTo(Command command) =>
        AddTo(command, new Option<string>("--project") { Description = "Project (tenant).", DefaultValueFactory = static _ => "default" });

    /// <summary>For commands whose files say which project they are of: where none is given <see cref="Project"/> is empty.</summary>
    public static CommonOptions AddToWithProjectOfFiles(Command command) =>
        AddTo(command, new Option<string>("--project") { Description = "Project (tenant) that the files must be of. Default: whichever they are of.", DefaultValueFactory = static _ => string.Empty });

    /// <summary>For commands about all projects: they have no <see cref="Project"/>.</summary>
    public static CommonOptions AddToWithoutProject(Command command)
    {
        var options = new CommonOptions(new Option<string>("--project"));
        command.Add(options._data);
        return options;
    }

    private static CommonOptions AddTo(Command command, Option<string> project)
    {
        var options = new CommonOptions(project);
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

    /// <summary>Full path of the data directory: the flag's, else that of the settings.</summary>
    /// <exception cref="HostingException">No flag is given, and the settings are wrong.</exception>
    public string DataDirectory(ParseResult parse) => Path.GetFullPath(
        parse.GetValue(_data) ?? ZeroWorldConfiguration.Load(ConfigurationInputs.FromProcess()).Get<DataOptions>().DataDirectory);

    public string Project(ParseResult parse) => parse.GetRequiredValue(_project);
}

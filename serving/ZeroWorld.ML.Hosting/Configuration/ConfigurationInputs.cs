using System.Collections;

namespace ZeroWorld.ML.Hosting;

/// <summary>Where settings come from. Later ones win: defaults, file, variables, flags.</summary>
public sealed record ConfigurationInputs
{
    /// <summary>The file that is read when it is there and no other was named.</summary>
    public const string DefaultFile = "zeroworld.yaml";

    /// <summary>What the names of variables begin with; <c>__</c> stands for ':'.</summary>
    public const string VariablePrefix = "ZEROWORLD__";

    /// <summary>A variable that Triton's own tests set for the server that they test.</summary>
    public const string TritonHoldVariable = "TRITONSERVER_DELAY_SCHEDULER";

    /// <value>A file that must be there; <see langword="null"/>: <see cref="DefaultFile"/> in the current folder, where there is one.</value>
    public string? File { get; init; }

    /// <value>Names and values; those that do not begin with <see cref="VariablePrefix"/> are not looked at, but for <see cref="TritonHoldVariable"/>.</value>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <value>Key (<c>Server:HttpPort</c>) to value.</value>
    public IReadOnlyDictionary<string, string> Flags { get; init; } = new Dictionary<string, string>();

    /// <summary>Inputs with the variables of this process.</summary>
    public static ConfigurationInputs FromProcess(IReadOnlyDictionary<string, string>? flags = null, string? file = null) => new()
    {
        File = file,
        Flags = flags ?? new Dictionary<string, string>(),
        Variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(static entry => (string)entry.Key, static entry => (string?)entry.Value ?? "", StringComparer.Ordinal),
    };
}

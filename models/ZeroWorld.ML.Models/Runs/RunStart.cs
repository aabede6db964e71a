namespace ZeroWorld.ML.Models;

/// <summary>What is known of a run when it starts.</summary>
public sealed record RunStart
{
    /// <value>Project (tenant) of the run.</value>
    public string Project { get; init; } = ModelName.DefaultProject;

    /// <value>What is tried, such as <c>fraud</c>: runs of one experiment are compared with each other. 1 to 128 characters.</value>
    public required string Experiment { get; init; }

    /// <value>What a person calls this run; 1 to 256 characters.</value>
    public required string Name { get; init; }

    /// <value>Id of the run that this one is a part of, such as a search of its trial; <see langword="null"/> for none.</value>
    public string? Parent { get; init; }

    /// <value>Parameters: names of 1 to 256, values of at most 4,096 characters. Never changed afterwards.</value>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <value>Tags: as parameters, but they may change.</value>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

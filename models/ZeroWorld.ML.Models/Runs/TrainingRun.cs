namespace ZeroWorld.ML.Models;

/// <summary>A run as it stands now: what was tried, with which parameters, and what came out.</summary>
public sealed record TrainingRun
{
    /// <value>32 characters of lower-case hex; later runs have greater ids.</value>
    public required string Id { get; init; }

    public required string Project { get; init; }

    public required string Experiment { get; init; }

    public required string Name { get; init; }

    /// <value>Id of the run this one is a part of, or <see langword="null"/>.</value>
    public string? Parent { get; init; }

    public required RunStatus Status { get; init; }

    /// <value>UTC.</value>
    public required DateTimeOffset Started { get; init; }

    /// <value>UTC; <see langword="null"/> while it runs.</value>
    public DateTimeOffset? Ended { get; init; }

    /// <value>The last moment at which its process wrote something.</value>
    public required DateTimeOffset LastSeen { get; init; }

    /// <value>What people and the run itself wrote about it; empty for nothing.</value>
    public string Note { get; init; } = "";

    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <value>The value of the greatest step of every metric, not the best one.</value>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    public required IReadOnlyList<RunArtifact> Artifacts { get; init; }

    /// <summary>A run that says it runs, but whose process has not been seen for so long, was killed: what it had written is all there.</summary>
    public bool IsLost(DateTimeOffset now, TimeSpan silence) => Status == RunStatus.Running && now - LastSeen > silence;
}

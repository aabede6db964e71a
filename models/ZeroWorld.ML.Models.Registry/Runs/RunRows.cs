namespace ZeroWorld.ML.Models.Registry.Runs;

/// <summary>A run; times are microseconds since the epoch.</summary>
internal sealed class RunRow
{
    public required string Id { get; init; }

    public required string Project { get; init; }

    public required string Experiment { get; init; }

    public required string Name { get; init; }

    public string? Parent { get; init; }

    public required int Status { get; init; }

    public required long Started { get; init; }

    public long? Ended { get; init; }

    public required long LastSeen { get; init; }

    public string Note { get; init; } = "";
}

/// <summary>A parameter or a tag.</summary>
internal sealed class RunTextRow
{
    public const string Parameter = "parameter";
    public const string Tag = "tag";

    public required string Run { get; init; }

    public required string Kind { get; init; }

    public required string Name { get; init; }

    public required string Value { get; init; }
}

/// <summary>A value; null is NaN, which SQLite does not keep.</summary>
internal sealed class RunMetricRow
{
    public required string Run { get; init; }

    public required string Name { get; init; }

    public required long Step { get; init; }

    public double? Value { get; init; }
}

/// <summary>The value of the greatest step, so that a list of runs does not read every step.</summary>
internal sealed class RunLatestRow
{
    public required string Run { get; init; }

    public required string Name { get; init; }

    public required long Step { get; init; }

    public double? Value { get; init; }
}

internal sealed class RunArtifactRow
{
    public required string Run { get; init; }

    public required string Name { get; init; }

    public required string Digest { get; init; }

    public required long Bytes { get; init; }
}

/// <summary>The only row of its table.</summary>
internal sealed class RunStateRow
{
    public const int CurrentSchema = 1;

    public required int Id { get; init; }

    public required int Schema { get; init; }
}

namespace ZeroWorld.ML.Serving;

/// <summary>A request for predictions by entity: columns of length 1 or n.</summary>
public sealed class PredictionRequest
{
    /// <value>Empty means <c>default</c>.</value>
    public string Project { get; init; } = "";

    public required string Model { get; init; }

    /// <value>Default: the alias <c>champion</c>.</value>
    public VersionSelector Selector { get; init; } = VersionSelector.Champion;

    /// <value>Entity keys, named by join key.</value>
    public required IReadOnlyList<RequestColumn> Entities { get; init; }

    /// <value>Request values as the feature service declares them; <c>time</c> (timestamp, optional) is the moment of the read.</value>
    public IReadOnlyList<RequestColumn> Request { get; init; } = [];

    /// <value>When the caller stops waiting, by the server's clock; <see langword="null"/> when it did not say. The feature stage leaves time for the model before it.</value>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>When its message was given to the decoder.</summary>
    /// <value>A timestamp of <see cref="System.Diagnostics.Stopwatch"/>; 0: now.</value>
    public long Received { get; init; }
}

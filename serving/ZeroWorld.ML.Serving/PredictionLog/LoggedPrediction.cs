using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>One row of the prediction log (docs/formats/prediction-log.md).</summary>
public sealed record LoggedPrediction
{
    /// <summary>Format of the rows that this build writes.</summary>
    public const int CurrentFormat = 1;

    /// <summary><see cref="Error"/> of a row whose entity has been erased.</summary>
    public const string Erased = "ERASED";

    public int Format { get; init; } = CurrentFormat;

    public required string PredictionId { get; init; }

    public required int Row { get; init; }

    public required string Project { get; init; }

    public required string Model { get; init; }

    public required long ModelVersion { get; init; }

    public required string PackageDigest { get; init; }

    public required string ServiceFingerprint { get; init; }

    public required string RuntimeBuild { get; init; }

    /// <value>Microseconds since the epoch, server clock.</value>
    public required long ReceivedTime { get; init; }

    /// <value>q, microseconds since the epoch.</value>
    public required long Time { get; init; }

    /// <value>JSON object: key name to value.</value>
    public string? Entities { get; init; }

    /// <value>JSON object: request value to value, <c>time</c> apart.</value>
    public string? Request { get; init; }

    public IReadOnlyList<string> FeatureNames { get; init; } = [];

    public IReadOnlyList<double?> FeatureValues { get; init; } = [];

    /// <value>Values of string and bytes (base64) features; empty when there are none.</value>
    public IReadOnlyList<string?> FeatureTexts { get; init; } = [];

    public IReadOnlyList<FeatureStatus> FeatureStatuses { get; init; } = [];

    /// <value>Microseconds since the epoch.</value>
    public IReadOnlyList<long?> FeatureEventTimes { get; init; } = [];

    public IReadOnlyList<bool> FeatureDefaulted { get; init; } = [];

    /// <value>The model's input tensors of this row, concatenated in the order of the manifest, little-endian.</value>
    public byte[]? Input { get; init; }

    /// <value>Rows of the run of the model that this row was part of; 0 when it was not run.</value>
    public int BatchRows { get; init; }

    /// <value>Its place in that run.</value>
    public int BatchRow { get; init; }

    public IReadOnlyList<string> OutputNames { get; init; } = [];

    /// <value>The outputs of this row, concatenated, little-endian.</value>
    public byte[]? Output { get; init; }

    public string? Decision { get; init; }

    public string? Error { get; init; }

    /// <value>Whole request, nanoseconds.</value>
    public long Duration { get; init; }
}

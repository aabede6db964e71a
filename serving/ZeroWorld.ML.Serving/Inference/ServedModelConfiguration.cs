using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>How a loaded model version is served.</summary>
public sealed record ServedModelConfiguration
{
    public required ModelName Model { get; init; }

    public required long Version { get; init; }

    /// <value>Name of the runtime: <c>onnx</c>.</value>
    public required string Runtime { get; init; }

    /// <value><c>onnxruntime_onnx</c>.</value>
    public required string Platform { get; init; }

    /// <value>Name of the model's file in its package.</value>
    public required string ModelFile { get; init; }

    public required ModelSignature Signature { get; init; }

    /// <summary>Rows of the largest request.</summary>
    /// <value>0 for a model without a row axis: every request runs alone.</value>
    public required int RowsMax { get; init; }

    /// <value>Rows that may wait.</value>
    public required int QueueRowsMax { get; init; }

    /// <value><c>cpu</c> or <c>cuda:N</c>.</value>
    public required string Device { get; init; }

    /// <summary>What was written down beside the model, where it lies in a folder.</summary>
    public required ModelSettings Settings { get; init; }

    /// <value>Versions that are loaded, ascending.</value>
    public required IReadOnlyList<long> LoadedVersions { get; init; }
}

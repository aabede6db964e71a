namespace ZeroWorld.ML.Serving;

/// <summary>What a caller loads a model by, in place of what lies in the model folder. Immutable.</summary>
/// <remarks>
/// A configuration holds for further loads too, until the model is unloaded, a load by it fails, or the settings file that it counts instead of is changed. Files hold until the next load.
/// </remarks>
/// <param name="Configuration">A model configuration as JSON; <c>config.pbtxt</c> and <c>model.yaml</c> are not read.</param>
public sealed record ModelOverride(string Configuration)
{
    /// <summary>Files at most.</summary>
    public const int FilesMax = 1000;

    /// <summary>All files of the model by their paths in its folder, with '/': <c>1/model.onnx</c>. Nothing else of the model is there then. Empty: the files that lie in the folder.</summary>
    /// <value>Default: empty.</value>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Files { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();
}

using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>What the configuration beside a model says.</summary>
/// <param name="Settings">How it is served.</param>
internal sealed record FolderModelConfig(ModelSettings Settings)
{
    public static FolderModelConfig Default { get; } = new(ModelSettings.Default);

    /// <value>The model's name; <see langword="null"/> when it is not said.</value>
    public string? Name { get; init; }

    /// <value><c>onnx</c>, <c>torchscript</c> or <c>ensemble</c>; <see langword="null"/>: by the file that is there.</value>
    public string? Runtime { get; init; }

    /// <value>Name of the model file in the folder of a version; <see langword="null"/>: <c>model.onnx</c> or <c>model.pt</c>.</value>
    public string? ModelFile { get; init; }

    /// <summary>Names of files beside the versions with the names of an output's classes, one in a line, by output.</summary>
    public IReadOnlyDictionary<string, string> LabelFiles { get; init; } = new Dictionary<string, string>();

    /// <summary>Which versions are offered.</summary>
    public FolderVersionPolicy Versions { get; init; } = FolderVersionPolicy.Newest;
}

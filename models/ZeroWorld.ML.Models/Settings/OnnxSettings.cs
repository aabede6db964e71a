namespace ZeroWorld.ML.Models;

/// <summary>Options of ONNX Runtime for one model.</summary>
public sealed record OnnxSettings
{
    public static OnnxSettings Default { get; } = new();

    /// <summary>Threads of one run, in a pool of the model's own.</summary>
    /// <value><see langword="null"/> (the default): the pool that all models share. 1 to 256.</value>
    public int? Threads { get; init; }

    /// <value><c>none</c>, <c>basic</c>, <c>extended</c> or <c>all</c> (the default).</value>
    public string GraphOptimization { get; init; } = "all";

    /// <summary>Whether buffers of a run are kept for the next one.</summary>
    /// <value>Default true.</value>
    public bool UsesMemoryArena { get; init; } = true;

    /// <summary>Whether buffers of a run are planned ahead by its shapes.</summary>
    /// <value>Default true.</value>
    public bool UsesMemoryPattern { get; init; } = true;

    /// <summary>Session entries by name, as ONNX Runtime calls them (<c>session.*</c>, <c>optimization.*</c>, <c>ep.*</c>).</summary>
    public IReadOnlyDictionary<string, string> SessionEntries { get; init; } = new Dictionary<string, string>();

    /// <summary>Options of the CUDA provider by name; <see langword="null"/> when none were given.</summary>
    public IReadOnlyDictionary<string, string>? Cuda { get; init; }

    /// <summary>Options of the TensorRT provider by name; <see langword="null"/>: it is not used.</summary>
    public IReadOnlyDictionary<string, string>? TensorRt { get; init; }
}

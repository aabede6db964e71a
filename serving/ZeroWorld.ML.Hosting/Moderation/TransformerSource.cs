using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Hosting;

/// <summary>A user's own model over token ids, as files.</summary>
public sealed record TransformerSource
{
    public required ModelName Model { get; init; }

    /// <value>An ONNX file; weights may lie in files beside it.</value>
    public required string ModelPath { get; init; }

    /// <value>Its tokenizer; <c>Vocabulary</c> and <c>Merges</c> are paths of files, whose names they keep.</value>
    public required TextTokenizerSettings Tokenizer { get; init; }

    /// <value>In the order of its output.</value>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <value>Its output of FP32 [rows, labels]; <see langword="null"/>: the first one.</value>
    public string? Output { get; init; }

    /// <value>Softmax (<see langword="true"/>) or sigmoid of the output; <see langword="null"/>: it gives probabilities already.</value>
    public bool? IsExclusive { get; init; }

    /// <value>What golden samples are made of; one or more.</value>
    public required IReadOnlyList<string> Texts { get; init; }

    /// <value>What it was trained with, for its lineage; default: nothing is known.</value>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <value>What held-out texts say of it; default: nothing is known.</value>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
}

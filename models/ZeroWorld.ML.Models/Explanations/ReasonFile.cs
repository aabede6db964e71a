using System.Text.Json;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models;

/// <summary>The bytes of <see cref="ReasonModel"/>: docs/formats/reasons.md.</summary>
internal static class ReasonFile
{
    private const int Format = 1;

    /// <summary>Far above any forest that answers in time: a larger file is not read.</summary>
    private const long BytesMax = 256L << 20;

    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    internal static void Write(string path, TreeEnsemble ensemble, IReadOnlyList<string> sources)
    {
        var content = new Content(
            Format,
            sources,
            ensemble.BaseScore,
            ensemble.Slope,
            ensemble.Offset,
            [
                .. ensemble.Trees.Select(static tree => new Tree(
                    tree.SplitFeatures, tree.Thresholds, tree.LeftChildren, tree.RightChildren, tree.MissingLeft, tree.LeafValues, tree.LeafCovers)),
            ]);
        File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(content, Options));
    }

    internal static (TreeEnsemble Ensemble, IReadOnlyList<string> Sources) Read(string path)
    {
        try
        {
            if (new FileInfo(path) is { Length: > BytesMax } file)
            {
                throw new RegistryException(RegistryError.InvalidInput, $"'{ReasonModel.FileName}' has {file.Length} bytes; expected at most {BytesMax}.");
            }

            var content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path), Options);
            return content switch
            {
                { Format: Format, Columns: { Count: > 0 } columns, Trees: { Count: > 0 } trees } when trees.All(IsWhole) => (ToEnsemble(content, trees), columns),
                { Format: not Format and > 0 } => throw new RegistryException(
                    RegistryError.InvalidInput, $"'{ReasonModel.FileName}' has format {content.Format}; this build knows format {Format}."),
                _ => throw new RegistryException(RegistryError.CorruptArtifact, $"'{ReasonModel.FileName}' lacks columns or trees."),
            };
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryError.CorruptArtifact, $"'{ReasonModel.FileName}' cannot be read: {exception.Message}", exception);
        }
    }

    private static bool IsWhole(Tree? tree) => tree is
    {
        Features: not null, Thresholds: not null, Left: not null, Right: not null, MissingLeft: not null, Leaves: not null, Covers: not null,
    };

    private static TreeEnsemble ToEnsemble(Content content, IReadOnlyList<Tree> trees) => new()
    {
        FeatureCount = content.Columns.Count,
        BaseScore = content.BaseScore,
        Slope = content.Slope,
        Offset = content.Offset,
        Trees =
        [
            .. trees.Select(static tree => new DecisionTree
            {
                SplitFeatures = tree.Features,
                Thresholds = tree.Thresholds,
                LeftChildren = tree.Left,
                RightChildren = tree.Right,
                MissingLeft = tree.MissingLeft,
                LeafValues = tree.Leaves,
                LeafCovers = tree.Covers,
            }),
        ],
    };

    private sealed record Content(int Format, IReadOnlyList<string> Columns, double BaseScore, double Slope, double Offset, IReadOnlyList<Tree> Trees);

    private sealed record Tree(
        IReadOnlyList<int> Features,
        IReadOnlyList<double> Thresholds,
        IReadOnlyList<int> Left,
        IReadOnlyList<int> Right,
        IReadOnlyList<bool> MissingLeft,
        IReadOnlyList<double> Leaves,
        IReadOnlyList<double> Covers);
}

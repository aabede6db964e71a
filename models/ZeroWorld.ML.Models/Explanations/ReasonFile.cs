using System.Text.Json;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models;

/// <summary>The bytes of <see cref="ReasonModel"/>: docs/formats/reasons.md.</summary>
internal static class ReasonFile
{
    // What format 1 cannot say is written as format 2; all else stays readable by older builds.
    private const int TreesFormat = 1;
    private const int Format = 2;

    /// <summary>Far above any forest that answers in time: a larger file is not read.</summary>
    private const long BytesMax = 256L << 20;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    internal static void Write(string path, TreeEnsemble? ensemble, LinearTerms? linear, IReadOnlyList<string> sources, FeatureEncoding? encoding)
    {
        var content = new Content(
            linear is null && encoding is null ? TreesFormat : Format,
            sources,
            ensemble?.BaseScore ?? 0,
            ensemble?.Slope ?? 1,
            ensemble?.Offset ?? 0,
            [
                .. (ensemble?.Trees ?? []).Select(static tree => new Tree(
                    tree.SplitFeatures, tree.Thresholds, tree.LeftChildren, tree.RightChildren, tree.MissingLeft, tree.LeafValues, tree.LeafCovers)),
            ],
            linear,
            encoding is null
                ? null
                : new Encoding(encoding.Clock is { } clock ? new Clock(clock.Ages, clock.HasHour) : null, encoding.Medians, encoding.Marked, [.. encoding.Texts.Select(static text => new Category(text.Values, text.Shares, text.UnknownShare))]));
        File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(content, Options));
    }

    internal static (TreeEnsemble? Ensemble, LinearTerms? Linear, IReadOnlyList<string> Sources, FeatureEncoding? Encoding) Read(string path)
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
                { Format: TreesFormat or Format, Columns: { Count: > 0 } columns, Trees: { } trees } when IsWhole(content, trees) =>
                    (trees.Count == 0 ? null : ToEnsemble(content, trees), content.Linear, columns, ToEncoding(content.Encoding)),
                { Format: not (TreesFormat or Format) and > 0 } => throw new RegistryException(
                    RegistryError.InvalidInput, $"'{ReasonModel.FileName}' has format {content.Format}; this build knows formats {TreesFormat} and {Format}."),
                _ => throw new RegistryException(RegistryError.CorruptArtifact, $"'{ReasonModel.FileName}' lacks columns or trees."),
            };
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new RegistryException(RegistryError.CorruptArtifact, $"'{ReasonModel.FileName}' cannot be read: {(exception is JsonException fault ? $"{JsonFault.Of(fault)}." : exception.Message)}", exception);
        }
    }

    private static bool IsWhole(Content content, IReadOnlyList<Tree> trees) =>
        trees.All(IsWhole)
        && (trees.Count > 0 || content.Linear is not null)
        && content.Linear is null or { Weights: not null, Means: not null }
        && content.Encoding is null or { Medians: not null, Marked: not null, Texts: not null }
        && content.Encoding?.Texts.All(static text => text is { Values: not null }) != false;

    private static FeatureEncoding? ToEncoding(Encoding? encoding) => encoding is null
        ? null
        : new FeatureEncoding(encoding.Clock is { } clock ? new ClockFeatures(clock.Ages, clock.HasHour) : null, encoding.Medians, encoding.Marked, [.. encoding.Texts.Select(static text => new CategoryFeatures(text.Values, text.Shares, text.UnknownShare))]);

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

    private sealed record Content(
        int Format, IReadOnlyList<string> Columns, double BaseScore, double Slope, double Offset, IReadOnlyList<Tree> Trees, LinearTerms? Linear, Encoding? Encoding);

    private sealed record Clock(int Ages, bool HasHour);

    private sealed record Encoding(Clock? Clock, IReadOnlyList<float> Medians, IReadOnlyList<int> Marked, IReadOnlyList<Category> Texts);

    private sealed record Category(IReadOnlyList<string> Values, IReadOnlyList<float>? Shares, float UnknownShare);

    private sealed record Tree(
        IReadOnlyList<int> Features,
        IReadOnlyList<double> Thresholds,
        IReadOnlyList<int> Left,
        IReadOnlyList<int> Right,
        IReadOnlyList<bool> MissingLeft,
        IReadOnlyList<double> Leaves,
        IReadOnlyList<double> Covers);
}

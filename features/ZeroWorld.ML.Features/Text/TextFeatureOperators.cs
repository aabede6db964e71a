using Value = ZeroWorld.ML.Features.FeatureValue;

namespace ZeroWorld.ML.Features;

/// <summary>The text featurizer as functions of expressions: <c>text_ids(text)</c> and <c>text_weights(text)</c>, element by element of one sparse vector.</summary>
/// <remarks>Of <see cref="TextFeaturizer.Default"/>; their version is <see cref="TextFeaturizerSettings.OperatorVersion"/>.</remarks>
internal static class TextFeatureOperators
{
    [ThreadStatic]
    private static TextWorkspace? _workspace;

    public static IReadOnlyList<string> Names { get; } = ["text_ids", "text_weights"];

    public static IEnumerable<ExpressionOperator> All { get; } =
    [
        new("text_ids", TextFeaturizerSettings.OperatorVersion, [FeatureType.String], FeatureType.Int64List, static (in Value a) => Ids(a.AsString()), null),
        new("text_weights", TextFeaturizerSettings.OperatorVersion, [FeatureType.String], FeatureType.Float64List, static (in Value a) => Weights(a.AsString()), null),
    ];

    private static Value Ids(string text)
    {
        var workspace = Featurize(text);
        var ids = new long[workspace.Ids.Length];
        for (var place = 0; place < ids.Length; place++)
        {
            ids[place] = workspace.Ids[place];
        }

        return Value.FromInt64List(ids);
    }

    private static Value Weights(string text)
    {
        var workspace = Featurize(text);
        var weights = new double[workspace.Values.Length];
        for (var place = 0; place < weights.Length; place++)
        {
            weights[place] = workspace.Values[place];
        }

        return Value.FromFloat64List(weights);
    }

    private static TextWorkspace Featurize(string text)
    {
        var workspace = _workspace ??= new TextWorkspace();
        TextFeaturizer.Default.Featurize(text, workspace);
        return workspace;
    }
}

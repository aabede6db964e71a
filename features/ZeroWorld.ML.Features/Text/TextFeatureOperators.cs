using System.Collections.Concurrent;
using Value = ZeroWorld.ML.Features.FeatureValue;

namespace ZeroWorld.ML.Features;

/// <summary>The text featurizer as functions of expressions: <c>text_ids(text)</c> and <c>text_weights(text)</c>, element by element of one sparse vector.</summary>
/// <remarks>
/// Of <see cref="TextFeaturizer.Default"/>, with as many bits as a second argument says (NULL beyond the settings' range), or with the settings that it gives as <see cref="TextFeaturizerSettings.Canonical"/>
/// writes them; their version is <see cref="TextFeaturizerSettings.OperatorVersion"/>.
/// </remarks>
internal static class TextFeatureOperators
{
    private const int KeptLengthMax = 4096;

    [ThreadStatic]
    private static TextWorkspace? _workspace;

    [ThreadStatic]
    private static string? _lastText;

    [ThreadStatic]
    private static TextFeaturizer? _lastFeaturizer;

    public static IReadOnlyList<string> Names { get; } = ["text_ids", "text_weights"];

    public static IEnumerable<ExpressionOperator> All { get; } =
    [
        new("text_ids", TextFeaturizerSettings.OperatorVersion, [FeatureType.String], FeatureType.Int64List, static (in Value a) => Ids(a.AsString()), null),
        new("text_weights", TextFeaturizerSettings.OperatorVersion, [FeatureType.String], FeatureType.Float64List, static (in Value a) => Weights(a.AsString()), null),
        new("text_ids", TextFeaturizerSettings.OperatorVersion, [FeatureType.String, FeatureType.Int64], FeatureType.Int64List, null, static (in Value a, in Value b) =>
            Find(b.AsInt64()) is { } featurizer ? Ids(a.AsString(), featurizer) : Value.Null(FeatureType.Int64List)),
        new("text_weights", TextFeaturizerSettings.OperatorVersion, [FeatureType.String, FeatureType.Int64], FeatureType.Float64List, null, static (in Value a, in Value b) =>
            Find(b.AsInt64()) is { } featurizer ? Weights(a.AsString(), featurizer) : Value.Null(FeatureType.Float64List)),
        new("text_ids", TextFeaturizerSettings.OperatorVersion, [FeatureType.String, FeatureType.String], FeatureType.Int64List, null, static (in Value a, in Value b) => Ids(a.AsString(), Get(b.AsString()))),
        new("text_weights", TextFeaturizerSettings.OperatorVersion, [FeatureType.String, FeatureType.String], FeatureType.Float64List, null, static (in Value a, in Value b) => Weights(a.AsString(), Get(b.AsString()))),
    ];

    // The default settings but for their bits: one featurizer for each number of them.
    private static readonly Lazy<TextFeaturizer>[] ByBits =
    [
        .. Enumerable.Range(TextFeaturizerSettings.BitsMin, TextFeaturizerSettings.BitsMax - TextFeaturizerSettings.BitsMin + 1)
            .Select(static bits => new Lazy<TextFeaturizer>(() => new TextFeaturizer(new TextFeaturizerSettings { Bits = bits }))),
    ];

    // By settings that were checked when their expression was read: as many as definitions ever held.
    private static readonly ConcurrentDictionary<string, TextFeaturizer> BySettings = new(StringComparer.Ordinal);

    /// <summary>Refuses settings that are computed or that no featurizer has.</summary>
    /// <exception cref="ExpressionException">The second argument is a text, but none that <see cref="TextFeaturizerSettings.Parse"/> reads.</exception>
    public static void CheckSettings(string name, ExpressionNode settings, int position)
    {
        if (settings.Type != FeatureType.String)
        {
            return;
        }

        if (settings is not LiteralNode literal)
        {
            throw new ExpressionException(position, $"the settings of '{name}' are computed; expected a text in quotes");
        }

        try
        {
            TextFeaturizerSettings.Parse(literal.Value.AsString());
        }
        catch (FeatureException exception)
        {
            throw new ExpressionException(position, exception.Message.TrimEnd('.'));
        }
    }

    private static TextFeaturizer Get(string settings) => BySettings.GetOrAdd(settings, static text => new TextFeaturizer(TextFeaturizerSettings.Parse(text)));

    private static TextFeaturizer? Find(long bits) =>
        bits is >= TextFeaturizerSettings.BitsMin and <= TextFeaturizerSettings.BitsMax ? ByBits[bits - TextFeaturizerSettings.BitsMin].Value : null;

    private static Value Ids(string text, TextFeaturizer? featurizer = null)
    {
        var workspace = Featurize(text, featurizer ?? TextFeaturizer.Default);
        var ids = new long[workspace.Ids.Length];
        for (var place = 0; place < ids.Length; place++)
        {
            ids[place] = workspace.Ids[place];
        }

        return Value.FromInt64List(ids);
    }

    private static Value Weights(string text, TextFeaturizer? featurizer = null)
    {
        var workspace = Featurize(text, featurizer ?? TextFeaturizer.Default);
        var weights = new double[workspace.Values.Length];
        for (var place = 0; place < weights.Length; place++)
        {
            weights[place] = workspace.Values[place];
        }

        return Value.FromFloat64List(weights);
    }

    // Ids and weights of one text are asked for one after the other: the second finds what the first made.
    private static TextWorkspace Featurize(string text, TextFeaturizer featurizer)
    {
        var workspace = _workspace ??= new TextWorkspace();
        if (ReferenceEquals(text, _lastText) && ReferenceEquals(featurizer, _lastFeaturizer))
        {
            return workspace;
        }

        _lastText = null;
        featurizer.Featurize(text, workspace);

        // A long text is not kept alive for the sake of its twin.
        (_lastText, _lastFeaturizer) = (text.Length <= KeptLengthMax ? text : null, featurizer);
        return workspace;
    }
}

namespace ZeroWorld.ML.Features;

/// <summary>One transform, compiled.</summary>
/// <remarks>Immutable and thread safe.</remarks>
internal sealed class TransformProgram
{
    private readonly Func<long, FeatureValue[], FeatureValue> _body = static (_, _) => default;

    private TransformProgram()
    {
    }

    public static TransformProgram[] CompileAll(FeatureService service) => [.. service.Transforms.Select(static _ => new TransformProgram())];

    public FeatureValue Evaluate(long q, ReadOnlySpan<FeatureValue> request, ReadOnlySpan<FeatureCell> row, ReadOnlySpan<FeatureValue> earlier) =>
        _body(q, request.ToArray());
}

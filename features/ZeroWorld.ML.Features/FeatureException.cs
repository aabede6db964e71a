namespace ZeroWorld.ML.Features;

/// <summary>A failure of the feature store that its caller can act on.</summary>
public sealed class FeatureException(FeatureError error, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public FeatureError Error { get; } = error;
}

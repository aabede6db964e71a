namespace ZeroWorld.ML.Serving;

/// <summary>A failure of serving that its caller can act on. The message is meant for the caller.</summary>
public sealed class ServingException(ServingError error, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public ServingError Error { get; } = error;
}

namespace ZeroWorld.ML.Models;

/// <summary>A failure of the model registry that its caller can act on.</summary>
public sealed class RegistryException(RegistryError error, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public RegistryError Error { get; } = error;
}

namespace ZeroWorld.ML.Storage;

/// <summary>An object store did not do what was asked; the message is a sentence that names the store, the object and what to do. Never a secret.</summary>
public sealed class ObjectStoreException(ObjectStoreError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public ObjectStoreError Error { get; } = error;
}

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>A message of the Open Inference Protocol is not what the protocol says: the message names the tensor, the value and what was expected.</summary>
/// <remarks>Always the sender's fault: INVALID_ARGUMENT over gRPC, 400 over HTTP.</remarks>
public sealed class TensorFormatException(string message, Exception? innerException = null) : Exception(message, innerException);

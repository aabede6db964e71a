namespace ZeroWorld.ML.Hosting;

/// <summary>This process cannot start or go on as it was asked to. The message is a whole sentence for the person who started it: what, which value, what to do.</summary>
public sealed class HostingException(string message, Exception? innerException = null) : Exception(message, innerException);

namespace ZeroWorld.ML.Storage;

/// <summary>An answer did not come to its end: the connection broke, or was silent for too long. The client does not try this again by itself.</summary>
internal sealed class BrokenAnswerException(string message, Exception? inner) : Exception(message, inner);

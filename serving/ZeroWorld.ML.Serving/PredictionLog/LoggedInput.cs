namespace ZeroWorld.ML.Serving;

/// <summary>Where one input of a model lies among the logged inputs of a row.</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Width">Elements.</param>
internal readonly record struct LoggedInput(int Offset, int Length, int Width);

namespace ZeroWorld.ML.Features;

/// <summary>An expression that does not compile; translated where the transform's name is known.</summary>
/// <param name="position">Index of the offending character, from 0.</param>
/// <param name="message">What is wrong and what was expected.</param>
internal sealed class ExpressionException(int position, string message) : Exception(message)
{
    public int Position { get; } = position;

    /// <value>The name that nothing has, where that is what is wrong.</value>
    public string? UnknownName { get; init; }
}

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>An exported model beside its trainer.</summary>
/// <param name="Texts">Texts that both scored.</param>
/// <param name="Difference">Greatest difference of a probability.</param>
/// <param name="Disagreements">Texts whose most probable label differs.</param>
public sealed record TextParity(int Texts, double Difference, int Disagreements)
{
    /// <summary>What <see cref="Difference"/> may be.</summary>
    public const double Tolerance = 1e-4;
}

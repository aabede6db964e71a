namespace ZeroWorld.ML.Training.Moderation;

/// <summary>An exported model beside its trainer.</summary>
/// <param name="Texts">Texts that both scored.</param>
/// <param name="Difference">Greatest difference of a probability.</param>
/// <param name="Disagreements">Texts whose most probable label differs (<see cref="IsSameLabel"/>).</param>
public sealed record TextParity(int Texts, double Difference, int Disagreements)
{
    /// <summary>What <see cref="Difference"/> may be.</summary>
    public const double Tolerance = 1e-4;

    // Probabilities that are closer are equal but for rounding: two labels of which a text has both, both close to 1.
    private const float Tie = 1e-5f;

    /// <summary>Whether the most probable label of the one is that of the other, or one that is as probable there.</summary>
    internal static bool IsSameLabel(Span<float> served, Span<float> trained) => trained[trained.IndexOfMax()] - trained[served.IndexOfMax()] <= Tie;
}

namespace ZeroWorld.ML.Testing;

/// <summary>One made text of <see cref="DisguiseTexts"/>.</summary>
/// <param name="Words">In their order; signs are words too.</param>
/// <param name="IsKey">By word: whether it is one that somebody would hide.</param>
/// <param name="Glue">What is between words.</param>
/// <param name="IsHostile">Its label.</param>
public sealed record MadeText(IReadOnlyList<string> Words, IReadOnlyList<bool> IsKey, string Glue, bool IsHostile)
{
    public override string ToString() => string.Join(Glue, Words);
}

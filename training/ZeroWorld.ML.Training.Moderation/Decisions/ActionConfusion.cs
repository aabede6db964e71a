namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What the texts of some languages and surfaces got by an old policy, and what they get by the one that it was mapped to.</summary>
/// <param name="Scope">The languages and surfaces, for people: <c>all</c>, <c>language de</c>, <c>language de, surface comment</c>; what rules for all languages and surfaces decide about is <c>other</c> beside these.</param>
/// <param name="Counts">Texts by old and new action, row-major: the old ones allow, review, block, each by the new ones in the same order.</param>
public sealed record ActionConfusion(string Scope, IReadOnlyList<int> Counts)
{
    private const int Actions = 3;

    public int Texts => Counts.Sum();

    public int this[ModerationAction before, ModerationAction after] => Counts[((int)before * Actions) + (int)after];

    /// <summary>Texts that had an action.</summary>
    public int Before(ModerationAction action) => Enumerable.Range(0, Actions).Sum(after => this[action, (ModerationAction)after]);

    /// <summary>Texts that have it now.</summary>
    public int After(ModerationAction action) => Enumerable.Range(0, Actions).Sum(before => this[(ModerationAction)before, action]);
}

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>How far cases are closed without a gap, for the next reader of a <see cref="ReviewQueue"/>.</summary>
/// <param name="Case">Place of a closed case: all before it are closed, too.</param>
/// <param name="Verdicts">How many different cases had a verdict: with fewer, verdicts were taken away, and the mark says nothing.</param>
internal sealed record ReviewMark(string Case, int Verdicts);

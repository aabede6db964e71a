namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>How far cases are closed without a gap, for the next reader of a <see cref="ReviewQueue"/>.</summary>
/// <param name="Case">Place of a closed case: all before it are closed, too.</param>
/// <param name="Verdicts">How many verdicts there were.</param>
/// <param name="Digest">Of these verdicts' places and ids: where others stand at the beginning of their log, as after it was begun anew, the mark says nothing.</param>
internal sealed record ReviewMark(string Case, int Verdicts, string Digest);

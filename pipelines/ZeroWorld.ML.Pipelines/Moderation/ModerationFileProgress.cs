namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>How far a file job is.</summary>
/// <param name="Lines">Lines, or rows, of the input that were read.</param>
/// <param name="InputBytes">Where the next item begins: a byte of a text file, a row of a table.</param>
/// <param name="Repeated">Items whose id was decided before.</param>
public sealed record ModerationFileProgress(long Lines, long InputBytes, long Allowed, long Reviews, long Blocked, long DeadLetters, long Repeated)
{
    /// <value>Lengths of the output files with this progress.</value>
    public IReadOnlyList<long> OutputBytes { get; init; } = [];
}

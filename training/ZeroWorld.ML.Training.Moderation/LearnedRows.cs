namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What a text model learns from: texts, and behind them copies of them in disguise, each in the part of its text. Immutable.</summary>
/// <param name="Features">Row <c>r + k x texts</c> is the k-th copy of text <c>r</c>.</param>
/// <param name="Labels">Of all rows.</param>
/// <param name="Folds">Part of each text.</param>
/// <param name="CopyShare">The part of a text's loss that a copy's is, above 0.</param>
internal sealed record LearnedRows(SparseRows Features, LabelMatrix Labels, int[] Folds, float CopyShare)
{
    /// <summary>Texts and copies.</summary>
    public int Count => Features.Count;

    /// <summary>The rows of all parts but one.</summary>
    public int[] FitRows(int fold, bool withCopies) => Rows(part => part != fold, withCopies);

    /// <summary>The rows of one part.</summary>
    public int[] HeldOutRows(int fold, bool withCopies) => Rows(part => part == fold, withCopies);

    /// <summary>Of each row the part of a text's loss that its own is.</summary>
    public float[] Shares(ReadOnlySpan<int> rows)
    {
        var shares = new float[rows.Length];
        for (var place = 0; place < shares.Length; place++)
        {
            shares[place] = rows[place] < Folds.Length ? 1 : CopyShare;
        }

        return shares;
    }

    private int[] Rows(Func<int, bool> isOf, bool withCopies) => [.. Enumerable.Range(0, withCopies ? Count : Folds.Length).Where(row => isOf(Folds[row % Folds.Length]))];
}

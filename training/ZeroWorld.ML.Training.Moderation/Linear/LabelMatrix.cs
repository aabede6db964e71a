namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Which labels each row has. Immutable.</summary>
/// <param name="Names">Labels, in the order of the columns.</param>
/// <param name="Positive">Row-major [rows, labels].</param>
/// <param name="IsExclusive">Whether each row has exactly one label.</param>
public sealed record LabelMatrix(IReadOnlyList<string> Names, bool[] Positive, bool IsExclusive)
{
    public int Columns => Names.Count;

    public int Rows => Positive.Length / Math.Max(1, Names.Count);

    public bool this[int row, int label] => Positive[(row * Names.Count) + label];

    /// <summary>The single label of a row of an exclusive matrix.</summary>
    public int ClassOf(int row) => Positive.AsSpan(row * Names.Count, Names.Count).IndexOf(true);

    /// <summary>A matrix of one label per row, labels in ordinal order.</summary>
    public static LabelMatrix OfClasses(IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        string[] names = [.. classes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return OfClasses(names, [.. classes.Select(label => Array.BinarySearch(names, label, StringComparer.Ordinal))]);
    }

    /// <param name="classes">Column per row.</param>
    public static LabelMatrix OfClasses(IReadOnlyList<string> names, ReadOnlySpan<int> classes)
    {
        ArgumentNullException.ThrowIfNull(names);
        var positive = new bool[classes.Length * names.Count];
        for (var row = 0; row < classes.Length; row++)
        {
            positive[(row * names.Count) + classes[row]] = true;
        }

        return new LabelMatrix(names, positive, true);
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: a label that all of the rows or none have; the message names it.</exception>
    internal void CheckBoth(ReadOnlySpan<int> rows)
    {
        for (var label = 0; label < Columns; label++)
        {
            var positives = 0;
            foreach (var row in rows)
            {
                positives += this[row, label] ? 1 : 0;
            }

            if (positives == 0 || positives == rows.Length)
            {
                throw new TrainingException(TrainingError.UnsuitableData, $"label '{Names[label]}': {positives} of {rows.Length} training rows have it; expected rows with it and rows without it.");
            }
        }
    }
}

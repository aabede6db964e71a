namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Quality of decided classes. Pure functions over a confusion matrix.</summary>
/// <param name="Counts">[truth, decided].</param>
public sealed record ClassMetrics(int[,] Counts)
{
    /// <param name="truth">Class per row, 0 to <paramref name="classes"/> - 1.</param>
    /// <param name="decided">Of the same rows.</param>
    public static ClassMetrics Of(ReadOnlySpan<int> truth, ReadOnlySpan<int> decided, int classes)
    {
        if (truth.Length != decided.Length)
        {
            throw new ArgumentException($"There are {truth.Length} true classes and {decided.Length} decided ones; expected as many.", nameof(decided));
        }

        var counts = new int[classes, classes];
        for (var row = 0; row < truth.Length; row++)
        {
            counts[truth[row], decided[row]]++;
        }

        return new ClassMetrics(counts);
    }

    private int Classes => Counts.GetLength(0);

    public int Rows => Counts.Cast<int>().Sum();

    /// <value>Share of rows that are decided right.</value>
    public double Accuracy => Enumerable.Range(0, Classes).Sum(index => (double)Counts[index, index]) / Rows;

    /// <value>Mean of the classes' F1.</value>
    public double MacroF1 => Enumerable.Range(0, Classes).Average(F1);

    /// <value>Mean of the classes' F1, weighted by their rows.</value>
    public double WeightedF1 => Enumerable.Range(0, Classes).Sum(index => F1(index) * Truth(index)) / Rows;

    /// <summary>Matthews correlation coefficient of two classes or more (Gorodkin 2004); 0 where one class only is decided.</summary>
    public double Matthews
    {
        get
        {
            var (rows, right) = ((double)Rows, Enumerable.Range(0, Classes).Sum(index => (double)Counts[index, index]));
            var (product, truths, decisions) = (0.0, 0.0, 0.0);
            for (var index = 0; index < Classes; index++)
            {
                var (truth, decided) = ((double)Truth(index), (double)Decided(index));
                product += truth * decided;
                truths += truth * truth;
                decisions += decided * decided;
            }

            var divisor = Math.Sqrt(((rows * rows) - decisions) * ((rows * rows) - truths));
            return divisor == 0 ? 0 : ((right * rows) - product) / divisor;
        }
    }

    public double Precision(int label) => Decided(label) == 0 ? 0 : (double)Counts[label, label] / Decided(label);

    public double Recall(int label) => Truth(label) == 0 ? 0 : (double)Counts[label, label] / Truth(label);

    /// <summary>F1 of one class; 0 where nothing is decided and nothing true.</summary>
    public double F1(int label)
    {
        var sum = Truth(label) + Decided(label);
        return sum == 0 ? 0 : 2.0 * Counts[label, label] / sum;
    }

    private int Truth(int label) => Enumerable.Range(0, Classes).Sum(decided => Counts[label, decided]);

    private int Decided(int label) => Enumerable.Range(0, Classes).Sum(truth => Counts[truth, label]);
}

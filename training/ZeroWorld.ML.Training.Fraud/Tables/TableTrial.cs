namespace ZeroWorld.ML.Training.Fraud;

/// <summary>One point of a search over algorithms.</summary>
/// <param name="Index">Place among all trials, from 0.</param>
/// <param name="Algorithm">Name of the algorithm.</param>
/// <param name="Parameters">Its hyper-parameters.</param>
/// <param name="FoldPrecisions">Average precision on the validation rows of each fold; of a trial that was dropped, of the folds before that: none where it was not tried at all.</param>
public sealed record TableTrial(int Index, string Algorithm, IReadOnlyDictionary<string, string> Parameters, IReadOnlyList<double> FoldPrecisions)
{
    /// <value>Mean of the folds; comparable between trials with as many of them. NaN without any.</value>
    public double AveragePrecision => FoldPrecisions.Count == 0 ? double.NaN : FoldPrecisions.Average();

    /// <value>What was done about positives being rare.</value>
    public ClassBalance Balance { get; init; }

    /// <value>The same for the same algorithm and hyper-parameters.</value>
    public string Key => KeyOf(Algorithm, Parameters);

    internal static string KeyOf(string algorithm, IReadOnlyDictionary<string, string> parameters) =>
        $"{algorithm}({string.Join(",", parameters.OrderBy(static entry => entry.Key, StringComparer.Ordinal).Select(static entry => $"{entry.Key}={entry.Value}"))})";
}

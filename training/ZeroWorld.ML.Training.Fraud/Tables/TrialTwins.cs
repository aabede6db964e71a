namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Which trials of a search over many values need no further fold because they cost many times as much as another one and are no better. Pure function.</summary>
/// <remarks>
/// A trial's twin has the same settings but for fewer bins. Tens of thousands of bins take five times as long as a thousand and pay only where single amounts matter: a trial goes on while its
/// mean is one percent above its twin's. One that differs from a trial that is out only by averaging more fits is out too: averaging brings both the same. The models that are left are those of a full search.
/// </remarks>
internal static class TrialTwins
{
    private const string Bins = "bins_max";
    private const string Fits = "fits";

    // Of the twin's precision. Half a percent more or less is what the rows of a fold happen to say; on the handbook's amounts the gain is one and a half.
    private const double GainMin = 0.01;

    /// <param name="grid">Algorithm and settings of each trial.</param>
    /// <param name="precisions">Of each trial on the folds so far; those of one that is out end earlier.</param>
    /// <param name="alive">Which trials are still in.</param>
    /// <param name="trial">The one that is asked for, itself still in.</param>
    /// <param name="folds">Folds that are done.</param>
    internal static bool IsOut(
        IReadOnlyList<(string Algorithm, IReadOnlyDictionary<string, string> Parameters)> grid, IReadOnlyList<IReadOnlyList<double>> precisions, IReadOnlyList<bool> alive, int trial, int folds)
    {
        for (var other = 0; other < grid.Count; other++)
        {
            if (grid[other].Algorithm != grid[trial].Algorithm)
            {
                continue;
            }

            var isOutByBins = IsMoreOf(Bins, grid[trial].Parameters, grid[other].Parameters)
                && folds > 0 && precisions[other].Count >= folds && precisions[trial].Count >= folds && precisions[trial].Take(folds).Sum() <= (1 + GainMin) * precisions[other].Take(folds).Sum();
            if (isOutByBins || (!alive[other] && IsMoreOf(Fits, grid[trial].Parameters, grid[other].Parameters)))
            {
                return true;
            }
        }

        return false;
    }

    // The same settings, but for a greater number of one.
    private static bool IsMoreOf(string name, IReadOnlyDictionary<string, string> left, IReadOnlyDictionary<string, string> right) =>
        left.Count == right.Count
        && left.TryGetValue(name, out var more) && right.TryGetValue(name, out var fewer)
        && long.Parse(more, System.Globalization.CultureInfo.InvariantCulture) > long.Parse(fewer, System.Globalization.CultureInfo.InvariantCulture)
        && left.All(entry => entry.Key == name || (right.TryGetValue(entry.Key, out var value) && value == entry.Value));
}

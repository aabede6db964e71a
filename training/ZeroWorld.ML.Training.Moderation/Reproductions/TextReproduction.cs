using System.Diagnostics;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A published table of text classification: cross validation of the linear model over hashed n-grams.</summary>
internal abstract class TextReproduction : IReproduction
{
    public const string Linear = "linear";

    public abstract string Name { get; }

    public abstract string Description { get; }

    public IReadOnlyList<string> Algorithms { get; } = [Linear];

    protected abstract TextProtocol Protocol { get; }

    public async Task<ReproductionReport> RunAsync(ReproductionRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Select(this);

        // Fitting takes all processors for minutes: it runs on pool threads, not on the caller's.
        return await Task.Run(() => Run(request, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the published files.</summary>
    /// <param name="facts">Receives a line per fact of the protocol.</param>
    protected abstract TextTable Read(string path, List<string> facts);

    /// <summary>The figures of the table: names, how each is measured, and what is known of it.</summary>
    protected abstract IEnumerable<ReproducedFigure> Figures(IReadOnlyList<ClassMetrics> seeds, LabelMatrix labels);

    /// <summary>Figures beyond the table, out of the folds of every seed.</summary>
    protected virtual IEnumerable<ReproducedFigure> FurtherFigures(TextTable table, LabelMatrix labels, IReadOnlyList<TextFold[]> seeds, CancellationToken cancellationToken) => [];

    private ReproductionReport Run(ReproductionRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        List<string> facts = [];
        var table = Read(request.DataPath, facts);
        var labels = LabelMatrix.OfClasses(table.Labels);
        var features = SparseRows.Of(Protocol.Featurizer, table.Texts, cancellationToken);
        facts.Add($"{table.Texts.Count:N0} texts, {string.Join(", ", labels.Names.Select((name, label) => $"{Enumerable.Range(0, labels.Rows).Count(row => labels[row, label]):N0} {name}"))}");
        facts.Add($"{Protocol.Folds} stratified folds; settings and decision offsets chosen on a fifth of each training part out of {Protocol.Grid.Count}");
        var (done, total) = (0, request.Seeds.Count * Protocol.Folds);
        List<TextFold[]> seeds = [];
        var started = Stopwatch.GetTimestamp();
        foreach (var seed in request.Seeds)
        {
            seeds.Add(Protocol.Run(
                features,
                labels,
                seed,
                () => progress?.Report(new TrainingProgress("folds", $"seed {seed}", Interlocked.Increment(ref done), total)),
                cancellationToken));
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        ClassMetrics[] metrics = [.. seeds.Select(folds => Sum(folds, labels.Columns))];
        return new ReproductionReport
        {
            Name = Name,
            Protocol = facts,
            Figures = [.. Figures(metrics, labels), .. FurtherFigures(table, labels, seeds, cancellationToken)],
            Parameters = new Dictionary<string, IReadOnlyDictionary<string, string>> { [Linear] = Parameters(seeds) },
            FitTimes = new Dictionary<string, TimeSpan> { [Linear] = elapsed / Math.Max(1, request.Seeds.Count) },
        };
    }

    // The metrics of the whole data: every row was held out once.
    private static ClassMetrics Sum(TextFold[] folds, int classes)
    {
        var counts = new int[classes, classes];
        foreach (var fold in folds)
        {
            for (var truth = 0; truth < classes; truth++)
            {
                for (var decided = 0; decided < classes; decided++)
                {
                    counts[truth, decided] += fold.Metrics.Counts[truth, decided];
                }
            }
        }

        return new ClassMetrics(counts);
    }

    private Dictionary<string, string> Parameters(List<TextFold[]> seeds)
    {
        var chosen = seeds.SelectMany(static folds => folds).Select(static fold => $"cost {fold.Settings.Cost} balance {fold.Settings.Balance} {fold.Settings.Scaling}").CountBy(static text => text);
        return new Dictionary<string, string>
        {
            ["features"] = Protocol.Featurizer.Settings.Canonical,
            ["chosen"] = string.Join("; ", chosen.OrderByDescending(static pair => pair.Value).Select(static pair => $"{pair.Value}x {pair.Key}")),
        };
    }
}

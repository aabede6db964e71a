using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Gradient boosted trees by LightGBM, in its deterministic mode: its models do not depend on the number of threads.</summary>
/// <remarks>
/// The library is called without ML.NET between: that reads a table row by row four times for one fit, and lets one fit run at a time in a process.
/// </remarks>
/// <param name="threadsMax">Threads of a fit that runs alone; <see langword="null"/>: one per processor where there are many values and the processors are free.</param>
/// <param name="sectionValues">Rows times features times trees of a section, at most, but at least one tree.</param>
internal sealed class LightGbmEngine(LightGbmSettings settings, int? threadsMax = null, long sectionValues = LightGbmEngine.SectionValues) : ITreeEngine
{
    // Some twenty seconds of two processors.
    internal const long SectionValues = 5_000_000_000;

    /// <summary>Log odds per unit of score. Leaves are half as large as with 1, and what <see cref="LightGbmSettings.L2"/> adds to the curvature counts four times.</summary>
    internal const double Sigmoid = 0.5;

    private const double HeldOutShare = 0.2;

    // Rows times features. Below it threads wait for each other more than they work.
    private const long ManyValues = 1_000_000;

    // Of the time, in which some task of the machine waited for a processor.
    private const double BusyShare = 0.25;

    // More would forbid leaves whose rows are nearly all certain, the pure ones that a rare class needs.
    private const double LeafCurvatureMin = 1e-3;

    // Bins are cut where the quantiles of so many rows are, or of four per bin.
    private const int BinRowsMin = 65_536;
    private const int BinRowsPerBin = 4;

    /// <inheritdoc/>
    public ITreeFits Begin(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken)
    {
        var threads = threadsMax ?? ((long)rows.Length * table.FeatureNames.Count < ManyValues ? 1 : Environment.ProcessorCount);
        var pressure = new ProcessorPressure();
        var dataset = LightGbmThreads.Run(threads, () => DatasetOf(table, rows.Span, seed, threads, null));
        try
        {
            // Threads that grow a tree meet every few microseconds, and spin until the last one comes: where others want the processors, one thread is done sooner than several.
            var growing = threadsMax is null && pressure.Share() > BusyShare ? 1 : threads;
            return new Fits(this, table, rows, dataset, FindTrees(table, rows, seed, growing, cancellationToken), growing);
        }
        catch
        {
            dataset.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IFittedTrees Read(byte[] state) => new LightGbmTrees(state);

    private long SectionTrees(TrainingTable table, ReadOnlyMemory<int> rows) => sectionValues / Math.Max(1, (long)rows.Length * table.FeatureNames.Count);

    private static bool HasBoth(TrainingTable table, ReadOnlyMemory<int> rows) => table.CountPositives(rows.Span) is var positives && positives > 0 && positives < rows.Length;

    // As many trees as had the least log loss on later rows; all of them where the later or the earlier rows are of one class.
    private int FindTrees(TrainingTable table, ReadOnlyMemory<int> rows, int seed, int threads, CancellationToken cancellationToken)
    {
        var boundary = (int)(rows.Length * (1 - HeldOutShare));
        var (fit, held) = (rows[..boundary], rows[boundary..]);
        if (settings.EarlyStopping == 0 || !HasBoth(table, fit) || !HasBoth(table, held))
        {
            return settings.Trees;
        }

        return LightGbmThreads.Run(threads, () =>
        {
            using var dataset = DatasetOf(table, fit.Span, seed, threads, null);
            using var heldDataset = DatasetOf(table, held.Span, seed, threads, dataset);
            using var booster = LightGbmBooster.Create(dataset, ToParameters(seed, threads));
            booster.AddHeldRows(heldDataset);
            var stopping = new EarlyStopping(settings.EarlyStopping);
            for (var tree = 1; tree <= settings.Trees && !booster.Grow(); tree++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                stopping.Observe(tree, booster.HeldLoss());
                if (stopping.IsOver(tree))
                {
                    break;
                }
            }

            return Math.Max(1, stopping.BestStep);
        });
    }

    private LightGbmDataset DatasetOf(TrainingTable table, ReadOnlySpan<int> rows, int seed, int threads, LightGbmDataset? reference) =>
        LightGbmDataset.Of(table, rows, settings.PositiveWeight, ToParameters(seed, threads), reference);

    private string ToParameters(int seed, int threads) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        objective=binary metric=binary_logloss sigmoid={Sigmoid} deterministic=true force_col_wise=true verbosity=-1 seed={seed} num_threads={threads}
        max_bin={settings.BinsMax} bin_construct_sample_cnt={Math.Max(BinRowsMin, BinRowsPerBin * settings.BinsMax)}
        num_leaves={settings.LeavesMax} max_depth={settings.DepthMax} min_data_in_leaf={settings.LeafRowsMin} min_sum_hessian_in_leaf={LeafCurvatureMin}
        learning_rate={settings.LearningRate} lambda_l2={settings.L2}
        bagging_fraction={settings.RowFraction} bagging_freq={(settings.RowFraction < 1 ? 1 : 0)} feature_fraction={settings.FeatureFraction}
        """).ReplaceLineEndings(" ");

    private sealed class Fits(LightGbmEngine engine, TrainingTable table, ReadOnlyMemory<int> rows, LightGbmDataset dataset, int trees, int threads) : ITreeFits
    {
        private readonly LightGbmSections _sections = new(trees, (int)Math.Clamp(engine.SectionTrees(table, rows), 1, trees));
        private readonly Lock _lock = new();

        public IFittedTrees Fit(int seed, bool isAlone, FitCheckpoint? grown, CancellationToken cancellationToken)
        {
            var used = isAlone ? threads : 1;
            var (done, text) = _sections.Read(grown);
            while (done < trees)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (first, until) = (text, _sections.End(done));
                var sectionSeed = _sections.SeedOf(seed, done);
                var scores = first is null ? [] : ScoresOf(first);
                (done, text) = LightGbmThreads.Run(used, () => Grow(sectionSeed, used, first, scores, done, until, cancellationToken));
                _sections.Write(grown, done, text);
            }

            return new LightGbmTrees(text!);
        }

        public void Dispose() => dataset.Dispose();

        /// <returns>How many trees are done, all of them where no split is left to find, and the model.</returns>
        private (int Done, byte[] Text) Grow(int seed, int used, byte[]? first, double[] scores, int done, int until, CancellationToken cancellationToken)
        {
            using var booster = Create(seed, used, first, scores);
            for (; done < until; done++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (booster.Grow())
                {
                    return (trees, booster.Save());
                }
            }

            return (done, booster.Save());
        }

        // First scores belong to the dataset, which fits side by side share: a model copies them when it is made.
        private LightGbmBooster Create(int seed, int used, byte[]? first, double[] scores)
        {
            var parameters = engine.ToParameters(seed, used);
            if (!_sections.AreSeveral)
            {
                return LightGbmBooster.Create(dataset, parameters);
            }

            lock (_lock)
            {
                dataset.SetFirstScores(scores);
                var booster = LightGbmBooster.Create(dataset, parameters);
                dataset.SetFirstScores([]);
                if (first is not null)
                {
                    using var before = LightGbmBooster.Load(first);
                    booster.TakeTrees(before);
                }

                return booster;
            }
        }

        private double[] ScoresOf(byte[] text)
        {
            var scores = new double[rows.Length];
            new LightGbmTrees(text).AddScores(table, rows, 1 / Sigmoid, scores);
            return scores;
        }
    }
}

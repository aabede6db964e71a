using System.Diagnostics;
using System.Globalization;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Measures the algorithms of a table: choice on validation rows, one fit per seed, test rows once per seed.</summary>
internal sealed class RankingTable
{
    private const double HiddenShare = 0.1;

    /// <value>Inside the training part of the first seed.</value>
    public required InteractionSplit Validation { get; init; }

    /// <summary>What a trial is chosen by; greater is better.</summary>
    public required Func<IRecommender, InteractionSplit, double> Choose { get; init; }

    /// <summary>The split of a seed; the same object for all where nothing is drawn.</summary>
    public required Func<int, InteractionSplit> SplitOf { get; init; }

    /// <summary>Measures a model on a split.</summary>
    public required Func<IRecommender, InteractionSplit, RankingOptions, IReadOnlyList<RankingMetrics>> Measure { get; init; }

    /// <value>The metrics that the table shows.</value>
    public required IReadOnlyList<string> Metrics { get; init; }

    internal ReproductionReport Run(
        IReproduction reproduction, ReproductionRequest request, IReadOnlyList<Contender> contenders, IReadOnlyList<string> protocol,
        IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var chosen = contenders.Where(contender => request.Select(reproduction).Contains(contender.Algorithm)).ToArray();
        var total = chosen.Sum(contender => (contender.Grid.Count > 1 ? contender.Grid.Count : 0) + request.Seeds.Count + (contender.FoldInBar is null ? 0 : 1));
        var (done, figures) = (0, new List<ReproducedFigure>());
        var parameters = new Dictionary<string, IReadOnlyDictionary<string, string>>();
        var times = new Dictionary<string, TimeSpan>();
        foreach (var contender in chosen)
        {
            var trainer = Search(contender, request.Seeds[0], Step, cancellationToken);
            parameters[contender.Algorithm] = trainer.Parameters;
            var (runs, elapsed) = (new List<IReadOnlyList<RankingMetrics>>(), TimeSpan.Zero);
            InteractionSplit? last = null;
            foreach (var seed in request.Seeds)
            {
                var split = SplitOf(seed);
                if (ReferenceEquals(split, last) && !trainer.IsRandom)
                {
                    Step("fit", $"{contender.Algorithm}: nothing is random, one run stands for seed {seed} too");
                    continue;
                }

                var started = Stopwatch.GetTimestamp();
                var model = trainer.Fit(split.Train, seed, cancellationToken);
                elapsed += Stopwatch.GetElapsedTime(started);
                runs.Add(Measure(model, split, new RankingOptions()));
                last = split;
                Step("fit", $"{contender.Algorithm}: seed {seed}, {runs[^1][0].NameOf("HR")} {runs[^1][0].HitRate:F4}, NDCG {runs[^1][0].Ndcg:F4}");
            }

            times[contender.Algorithm] = elapsed / runs.Count;
            figures.AddRange(FiguresOf(contender, runs));
            if (contender.FoldInBar is { } bar)
            {
                figures.Add(FoldIn(contender, trainer, request.Seeds[0], bar, cancellationToken));
                Step("fold in", $"{contender.Algorithm}: hidden users reach {figures[^1].Value.Mean:F3} of the trained users' hit rate");
            }
        }

        return new ReproductionReport { Name = reproduction.Name, Protocol = protocol, Figures = figures, Parameters = parameters, FitTimes = times };

        void Step(string stage, string detail) => progress?.Report(new TrainingProgress(stage, detail, ++done, total));
    }

    private IRecommenderTrainer Search(Contender contender, int seed, Action<string, string> step, CancellationToken cancellationToken)
    {
        if (contender.Grid.Count == 1)
        {
            return contender.Grid[0];
        }

        var (best, bestValue) = (contender.Grid[0], double.NegativeInfinity);
        foreach (var trainer in contender.Grid)
        {
            var value = Choose(trainer.Fit(Validation.Train, seed, cancellationToken), Validation);
            step("search", $"{contender.Algorithm}: {value:F4} with {string.Join(", ", trainer.Parameters.Select(static pair => $"{pair.Key}={pair.Value}"))}");
            if (value > bestValue)
            {
                (best, bestValue) = (trainer, value);
            }
        }

        return best;
    }

    /// <summary>The hit rate of users who were hidden from training and folded in, over that of the users who were not.</summary>
    private ReproducedFigure FoldIn(Contender contender, IRecommenderTrainer trainer, int seed, double bar, CancellationToken cancellationToken)
    {
        var split = SplitOf(seed);
        var (train, hidden) = InteractionSplits.HideUsers(split.Train, HiddenShare, seed);
        var model = trainer.Fit(train, seed, cancellationToken);
        var others = Enumerable.Range(0, split.Train.UserCount).Where(user => !hidden.Contains(user)).ToHashSet();
        var folded = Measure(model, split, new RankingOptions { IsFolded = true, Users = hidden })[0];
        var trained = Measure(model, split, new RankingOptions { Users = others })[0];
        return new ReproducedFigure(contender.Algorithm, $"fold-in: {folded.NameOf("HR")} of {folded.Users} hidden users / of the trained", [folded.HitRate / trained.HitRate]) { Bar = bar };
    }

    private List<ReproducedFigure> FiguresOf(Contender contender, List<IReadOnlyList<RankingMetrics>> runs)
    {
        var figures = new List<ReproducedFigure>();
        for (var kind = 0; kind < runs[0].Count; kind++)
        {
            foreach (var metric in Metrics)
            {
                var first = runs[0][kind];
                var cut = metric + first.Cut.ToString("'@'0", CultureInfo.InvariantCulture);

                // What is published is of the first kind.
                var known = kind == 0 ? contender.Known.GetValueOrDefault(cut) : default;
                figures.Add(new ReproducedFigure(contender.Algorithm, first.NameOf(metric), [.. runs.Select(run => ValueOf(run[kind], metric))])
                {
                    Published = known.Published,
                    Source = known.Source,
                    Bar = known.Bar,
                });
            }
        }

        return figures;
    }

    private static double ValueOf(RankingMetrics metrics, string metric) => metric switch
    {
        "HR" => metrics.HitRate,
        "NDCG" => metrics.Ndcg,
        "Recall" => metrics.Recall,
        "Precision" => metrics.Precision,
        "MRR" => metrics.Mrr,
        "pessimistic HR" => metrics.PessimisticHitRate,
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, null),
    };
}

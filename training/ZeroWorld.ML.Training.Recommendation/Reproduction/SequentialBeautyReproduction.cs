namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Amazon Beauty in the protocol of S3-Rec (Zhou et al. 2020): the last item of each sequence is the test, all items are ranked, cut at 10.</summary>
public sealed class SequentialBeautyReproduction : IReproduction
{
    private const string Source = "S3-Rec 2020";

    public string Name => "seq-beauty";

    public string Description => "Amazon Beauty, leave last out, full ranking at 10 (Zhou et al. 2020); figures of S3-Rec.";

    public IReadOnlyList<string> Algorithms { get; } = [.. Contenders().Select(static contender => contender.Algorithm)];

    public Task<ReproductionReport> RunAsync(ReproductionRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Select(this);
        return Task.Run(() => Run(request, progress, cancellationToken), cancellationToken);
    }

    private static Contender[] Contenders() =>
    [
        new("popularity", [new PopularityTrainer()]) { Known = Known(0.0152, 0.0068) },
        new("item-neighbours", Grids.RecentItems([0.7, 0.8, 0.9], [1, 0.8])) { Known = Known(0.0605, 0.0318, 0.072, 0.043), FoldInBar = 0.95 },
        new("two-tower", Grids.TwoTowers(new SequenceSettings { LearningRate = 0.002, Epochs = 8, Dropout = 0.2 }, 0.7, 0.8)) { FoldInBar = 0.90 },
        new("sasrec", Grids.SelfAttention(new SequenceSettings { LearningRate = 0.002, Epochs = 12 }, 0.3, 0.5)) { Known = Known(0.0605, 0.0318, 0.058, 0.030), FoldInBar = 0.95 },
    ];

    private static Dictionary<string, (double?, string?, double?)> Known(double hitRate, double ndcg, double? hitRateBar = null, double? ndcgBar = null) => new()
    {
        ["HR@10"] = (hitRate, Source, hitRateBar),
        ["NDCG@10"] = (ndcg, Source, ndcgBar),
    };

    private ReproductionReport Run(ReproductionRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var all = Read(request.DataPath);
        var split = InteractionSplits.LeaveLastOut(all, 2);
        var candidates = SampledCandidates.Draw(split, 99, request.Seeds[0]);
        var table = new RankingTable
        {
            Validation = InteractionSplits.LeaveLastOut(split.Train),
            Choose = (model, inner) => RankingEvaluation.Full(model, inner, new RankingOptions(), cancellationToken).Ndcg,
            SplitOf = _ => split,
            Measure = (model, outer, options) =>
            [
                RankingEvaluation.Full(model, outer, options, cancellationToken),
                RankingEvaluation.Sampled(model, outer, candidates, options, cancellationToken),
            ],
            Metrics = ["HR", "NDCG", "MRR"],
        };
        string[] protocol =
        [
            $"{all.UserCount} users, {all.ItemCount} items, {all.Count} interactions; the last item of each sequence is the test ({split.Test.Count}), the one before it the validation.",
            "All items are ranked but those of the user's history; the sampled figures, among 99 drawn negatives, are for comparison only.",
            "Hyper-parameters are chosen by NDCG@10 on the items before the last; the chosen ones are fitted on everything but the last items.",
        ];
        return table.Run(this, request, Contenders(), protocol, progress, cancellationToken);
    }

    /// <summary>The published file: a user and its items in order of time per line.</summary>
    internal static InteractionSet Read(string folder)
    {
        var path = TableFiles.Find(folder, "Beauty.txt");
        var (builder, number) = (new InteractionSetBuilder(), 0);
        foreach (var line in TableFiles.Lines(path))
        {
            number++;
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 2)
            {
                throw TableFiles.Unexpected(path, number, line, "a user and its items, separated by blanks");
            }

            for (var place = 1; place < fields.Length; place++)
            {
                builder.Add(fields[0], fields[place], place);
            }
        }

        return builder.Build();
    }
}

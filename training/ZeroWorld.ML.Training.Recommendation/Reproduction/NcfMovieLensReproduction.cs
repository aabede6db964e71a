namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>MovieLens-1M in the protocol of Neural Collaborative Filtering (He et al. 2017): leave the latest out, 99 listed negatives, cut at 10.</summary>
public sealed class NcfMovieLensReproduction : IReproduction
{
    private const string Peers = "Dacrema 2019";
    private const string Rendle = "Rendle 2020";

    public string Name => "ncf-ml1m";

    public string Description => "MovieLens-1M, leave one out, 99 listed negatives (He et al. 2017); figures of Dacrema et al. 2019 and Rendle et al. 2020.";

    public IReadOnlyList<string> Algorithms { get; } = [.. Contenders().Select(static contender => contender.Algorithm)];

    public Task<ReproductionReport> RunAsync(ReproductionRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Select(this);
        return Task.Run(() => Run(request, progress, cancellationToken), cancellationToken);
    }

    private static Contender[] Contenders() =>
    [
        new("popularity", [new PopularityTrainer()]) { Known = Known(0.4531, 0.2542, Peers) },
        new("item-neighbours", Grids.ItemNeighbours(50, 100, 200))
        {
            Known = Known(0.6596, 0.3900, Peers),
            FoldInBar = 0.95,
        },
        new("user-neighbours", Grids.UserNeighbours(100, 200, 400)) { Known = Known(0.6705, 0.3908, Peers), FoldInBar = 0.95 },
        new("ease", Grids.Ease(500, 1000, 2000)) { FoldInBar = 0.95 },
        new("als", Grids.Als(new ImplicitAlsSettings { Dimensions = 128 }, 0.005, 0.007, 0.01))
        {
            Known = Known(0.7111, 0.4383, Rendle),
            FoldInBar = 0.95,
        },
        new("hybrid", Grids.Hybrid(Grids.Ease(500, 1000), Grids.Als(new ImplicitAlsSettings { Dimensions = 128 }, 0.005, 0.007), 0.3, 0.5, 0.7))
        {
            // The best model: its bars are those of the table. Nobody published a hybrid.
            Known = new Dictionary<string, (double?, string?, double?)> { ["HR@10"] = (null, null, 0.727), ["NDCG@10"] = (null, null, 0.451) },
            FoldInBar = 0.95,
        },
        new("mf", Grids.Sampled(Grids.MovieLensFactors, 0.005, 0.01)) { Known = Known(0.7294, 0.4523, Rendle), FoldInBar = 0.90 },
        new("neumf-torchsharp", Grids.NeuMf(new NeuMfSettings { Factors = Grids.MovieLensFactors, Epochs = 2, Engine = NeuMfEngine.TorchSharp }, 0.005))
        {
            Known = Known(0.7093, 0.4349, Rendle, 0.690, 0.415),
            FoldInBar = 0.90,
        },
        new("neumf", Grids.NeuMf(new NeuMfSettings { Factors = Grids.MovieLensFactors, Epochs = 2 }, 0.005, 0.01)) { Known = Known(0.7093, 0.4349, Rendle, 0.690, 0.415), FoldInBar = 0.90 },
    ];

    private static Dictionary<string, (double?, string?, double?)> Known(double hitRate, double ndcg, string source, double? hitRateBar = null, double? ndcgBar = null) => new()
    {
        ["HR@10"] = (hitRate, source, hitRateBar),
        ["NDCG@10"] = (ndcg, source, ndcgBar),
    };

    private ReproductionReport Run(ReproductionRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var (split, candidates, dropped) = Read(request.DataPath);
        split.Check();
        var seed = request.Seeds[0];

        // No times in the training pairs: what is held back for validation is drawn.
        var validation = InteractionSplits.LeaveOneOut(split.Train, seed);
        var negatives = SampledCandidates.Draw(validation, 99, seed);
        var table = new RankingTable
        {
            Validation = validation,
            Choose = (model, inner) => RankingEvaluation.Sampled(model, inner, negatives, new RankingOptions(), cancellationToken).Ndcg,
            SplitOf = _ => split,
            Measure = (model, outer, options) =>
            [
                RankingEvaluation.Sampled(model, outer, candidates, options, cancellationToken),
                RankingEvaluation.Full(model, outer, options, cancellationToken),
            ],
            Metrics = ["HR", "NDCG", "MRR", "pessimistic HR"],
        };
        string[] protocol =
        [
            $"{split.Train.Count} training pairs, {split.Test.Count} tested users, {split.Train.ItemCount} items; the latest item of each user is ranked among its 99 listed negatives.",
            $"{dropped} listed negatives were dropped: they are the user's own test item.",
            "Hyper-parameters are chosen by NDCG@10 on one item per user, drawn from the training part, among 99 drawn negatives.",
        ];
        return table.Run(this, request, Contenders(), protocol, progress, cancellationToken);
    }

    /// <summary>The published files.</summary>
    internal static (InteractionSplit Split, SampledCandidates Candidates, int Dropped) Read(string folder)
    {
        var builder = new InteractionSetBuilder();
        foreach (var line in TableFiles.Lines(TableFiles.Find(folder, "item_index_to_movielens_id.tsv")))
        {
            builder.AddItem(line.Split('\t')[0]);
        }

        var pairs = TableFiles.Find(folder, "ml-1m.train.pairs.tsv.gz");
        var number = 0;
        foreach (var line in TableFiles.Lines(pairs))
        {
            number++;
            if (line.Split('\t') is not [var user, var item])
            {
                throw TableFiles.Unexpected(pairs, number, line, "user and item, separated by a tab");
            }

            builder.Add(user, item, 0);
        }

        var ratings = TableFiles.Find(folder, "ml-1m.test.rating");
        foreach (var line in TableFiles.Lines(ratings))
        {
            // After everything else of the user: the last place is the test.
            var fields = line.Split('\t');
            builder.Add(fields[0], fields[1], 1);
        }

        var all = builder.Build();
        var split = InteractionSplits.LeaveLastOut(all);
        var (negatives, dropped) = (new int[all.UserCount][], 0);
        Array.Fill(negatives, []);
        foreach (var line in TableFiles.Lines(TableFiles.Find(folder, "ml-1m.test.negative")))
        {
            var fields = line.Split('\t');
            var user = all.Users.IndexOf(fields[0].Trim('(', ')').Split(',')[0], "user");
            var test = split.Test.ItemsOf(user)[0];
            int[] listed = [.. fields[1..].Select(field => all.Items.IndexOf(field, "item"))];
            negatives[user] = [.. listed.Where(item => item != test)];
            dropped += listed.Length - negatives[user].Length;
        }

        return (split, new SampledCandidates(negatives, 99), dropped);
    }
}

using System.Globalization;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>MovieLens-100k in the protocol of Microsoft Recommenders: stratified 75/25 per user, all items are ranked, cut at 10.</summary>
public sealed class MovieLens100kReproduction : IReproduction
{
    private const string Source = "Microsoft Recommenders";
    private const double TestShare = 0.25;

    public string Name => "movielens-100k";

    public string Description => "MovieLens-100k, stratified 75/25 per user, full ranking at 10; figures of Microsoft Recommenders. Every seed splits anew.";

    public IReadOnlyList<string> Algorithms { get; } = [.. Contenders(null).Select(static contender => contender.Algorithm)];

    public Task<ReproductionReport> RunAsync(ReproductionRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Select(this);
        return Task.Run(() => Run(request, progress, cancellationToken), cancellationToken);
    }

    private static Contender[] Contenders(ItemAttributes? genres) =>
    [
        new("popularity", [new PopularityTrainer()]),
        new("item-neighbours", Grids.ItemNeighbours(50, 100, 200))
        {
            Known = Known(0.3825, 0.3308, 0.1764, null),
        },
        new("user-neighbours", Grids.UserNeighbours(50, 100, 200)),
        new("ease", Grids.Ease(150, 300, 600)) { Known = Known(0.4751, 0.4118, 0.2191, 0.470), FoldInBar = 0.95 },
        new("als", Grids.Als(new ImplicitAlsSettings(), 0.01, 0.02, 0.05))
        {
            Known = Known(0.4420, 0.3882, 0.2125, null),
        },
        new("content", genres is null ? [] : [new ContentTrainer(genres)]),
        new("hybrid", genres is null ? [] : Grids.Hybrid(Grids.Ease(150, 300), Grids.Als(new ImplicitAlsSettings(), 0.01, 0.02, 0.05), 0.3, 0.5, 0.7)),
    ];

    private static Dictionary<string, (double?, string?, double?)> Known(double ndcg, double precision, double recall, double? bar) => new()
    {
        ["NDCG@10"] = (ndcg, Source, bar),
        ["Precision@10"] = (precision, Source, null),
        ["Recall@10"] = (recall, Source, null),
    };

    private ReproductionReport Run(ReproductionRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var all = Read(request.DataPath);
        var splits = request.Seeds.Distinct().ToDictionary(static seed => seed, seed => InteractionSplits.Stratified(all, TestShare, seed));
        var first = splits[request.Seeds[0]];
        var table = new RankingTable
        {
            Validation = InteractionSplits.Stratified(first.Train, TestShare, request.Seeds[0]),
            Choose = (model, inner) => RankingEvaluation.Full(model, inner, new RankingOptions(), cancellationToken).Ndcg,
            SplitOf = seed => splits[seed],
            Measure = (model, split, options) => [RankingEvaluation.Full(model, split, options, cancellationToken)],
            Metrics = ["NDCG", "Precision", "Recall", "HR", "MRR"],
        };
        string[] protocol =
        [
            $"{all.Count} ratings of {all.UserCount} users and {all.ItemCount} items, all as positives; each seed splits 75/25 per user, at random ({first.Train.Count} / {first.Test.Count} rows).",
            "Every item is ranked but those of the user's training rows.",
            "Hyper-parameters are chosen by NDCG@10 on a quarter of the first seed's training rows.",
        ];
        return table.Run(this, request, Contenders(ReadGenres(request.DataPath, all.Items)), protocol, progress, cancellationToken);
    }

    /// <summary>The 19 genres of <c>u.item</c>.</summary>
    internal static ItemAttributes ReadGenres(string folder, IdVocabulary items)
    {
        string[] names = [.. TableFiles.Lines(TableFiles.Find(folder, "u.genre")).Where(static line => line.Length > 0).Select(static line => line.Split('|')[0])];
        var path = TableFiles.Find(folder, "u.item");
        return ItemAttributes.Of(items, TableFiles.Lines(path).SelectMany((line, number) =>
        {
            var fields = line.Split('|');
            return fields.Length == 5 + names.Length
                ? names.Where((_, genre) => fields[5 + genre] == "1").Select(name => (fields[0], "genre", name))
                : throw TableFiles.Unexpected(path, number + 1, line, $"{5 + names.Length} fields, separated by bars");
        }));
    }

    /// <summary>The published file.</summary>
    internal static InteractionSet Read(string folder)
    {
        var path = TableFiles.Find(folder, "u.data");
        var (builder, number) = (new InteractionSetBuilder(), 0);
        foreach (var line in TableFiles.Lines(path))
        {
            number++;
            if (line.Split('\t') is not [var user, var item, _, var time] || !long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                throw TableFiles.Unexpected(path, number, line, "user, item, rating and time in seconds, separated by tabs");
            }

            builder.Add(user, item, seconds);
        }

        return builder.Build();
    }
}

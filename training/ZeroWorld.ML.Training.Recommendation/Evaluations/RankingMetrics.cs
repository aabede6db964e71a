namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Quality of a ranking at a cut, mean over users.</summary>
/// <remarks>Ties count by expected rank: every order of equal scores is as likely, so that a constant score is worth what chance is worth.</remarks>
public sealed record RankingMetrics
{
    /// <value>What was ranked: <c>99 sampled</c> candidates, or <c>full</c>. Sampled figures and full ones cannot be compared.</value>
    public required string Kind { get; init; }

    /// <value>The cut k.</value>
    public required int Cut { get; init; }

    /// <value>Users with a test item.</value>
    public required int Users { get; init; }

    /// <value>Share of users with a test item among the first k.</value>
    public required double HitRate { get; init; }

    /// <value>Discounted gain of the first k over that of the best order; binary gain.</value>
    public required double Ndcg { get; init; }

    /// <value>Share of a user's test items among the first k.</value>
    public required double Recall { get; init; }

    /// <value>Share of the first k that are test items.</value>
    public required double Precision { get; init; }

    /// <value>One over the place (from 1) of the first test item, 0 beyond k.</value>
    public required double Mrr { get; init; }

    /// <value><see cref="HitRate"/> when a test item loses every tie.</value>
    public required double PessimisticHitRate { get; init; }

    /// <value><see cref="Ndcg"/> when a test item loses every tie.</value>
    public required double PessimisticNdcg { get; init; }

    /// <summary>A metric's name with its cut and kind, such as <c>HR@10 (99 sampled)</c>.</summary>
    public string NameOf(string metric) => $"{metric}@{Cut} ({Kind})";
}

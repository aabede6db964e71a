namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>The metrics of one user's ranking.</summary>
internal readonly record struct UserRanking(double Hit, double Ndcg, double Recall, double Precision, double Mrr, double PessimisticHit, double PessimisticNdcg)
{
    /// <summary>Ranks scored candidates of which some are wanted.</summary>
    /// <param name="scores">Scores of all candidates; NaN must be refused before.</param>
    /// <param name="wanted">Scores of the wanted ones, which are among <paramref name="scores"/>; sorted here.</param>
    /// <param name="cut">k.</param>
    internal static UserRanking Of(ReadOnlySpan<float> scores, Span<float> wanted, int cut)
    {
        wanted.Sort(static (left, right) => right.CompareTo(left));
        var (hits, gain, mrr, missed) = (0.0, 0.0, 0.0, 1.0);
        var (worstHits, worstGain) = (0, 0.0);
        for (var start = 0; start < wanted.Length;)
        {
            var score = wanted[start];
            var end = start + 1;
            while (end < wanted.Length && wanted[end] == score)
            {
                end++;
            }

            var (greater, equal) = Count(scores, score);
            if (greater >= cut)
            {
                break;
            }

            // The group takes the places greater .. greater + equal - 1, of which `inside` are above the cut.
            var members = end - start;
            var inside = Math.Min(equal, cut - greater);
            var chance = (double)members / equal;
            hits += chance * inside;
            gain += chance * TieRanks.Discount(greater, greater + inside);

            // 1 / place of the first wanted item, where none of a better group was one: only the first group can be it, since its members are certain to be there.
            if (start == 0)
            {
                for (var place = 0; place < inside; place++)
                {
                    mrr += (TieRanks.NoneAmong(place, equal, members) - TieRanks.NoneAmong(place + 1, equal, members)) / (greater + place + 1);
                }

                missed = TieRanks.NoneAmong(inside, equal, members);
            }

            // At worst the wanted members of the group come last in it.
            var worst = greater + equal - members;
            var worstInside = Math.Clamp(cut - worst, 0, members);
            worstHits += worstInside;
            worstGain += TieRanks.Discount(worst, worst + worstInside);
            start = end;
        }

        var ideal = TieRanks.Discount(0, Math.Min(cut, wanted.Length));
        return new UserRanking(1 - missed, gain / ideal, hits / wanted.Length, hits / cut, mrr, worstHits > 0 ? 1 : 0, worstGain / ideal);
    }

    internal static RankingMetrics Mean(ReadOnlySpan<UserRanking> users, int cut, string kind)
    {
        var sum = default(UserRanking);
        foreach (var user in users)
        {
            sum = new UserRanking(
                sum.Hit + user.Hit, sum.Ndcg + user.Ndcg, sum.Recall + user.Recall, sum.Precision + user.Precision, sum.Mrr + user.Mrr,
                sum.PessimisticHit + user.PessimisticHit, sum.PessimisticNdcg + user.PessimisticNdcg);
        }

        double count = users.Length;
        return new RankingMetrics
        {
            Kind = kind,
            Cut = cut,
            Users = users.Length,
            HitRate = sum.Hit / count,
            Ndcg = sum.Ndcg / count,
            Recall = sum.Recall / count,
            Precision = sum.Precision / count,
            Mrr = sum.Mrr / count,
            PessimisticHitRate = sum.PessimisticHit / count,
            PessimisticNdcg = sum.PessimisticNdcg / count,
        };
    }

    private static (int Greater, int Equal) Count(ReadOnlySpan<float> scores, float score)
    {
        var (greater, equal) = (0, 0);
        foreach (var other in scores)
        {
            greater += other > score ? 1 : 0;
            equal += other == score ? 1 : 0;
        }

        return (greater, equal);
    }
}

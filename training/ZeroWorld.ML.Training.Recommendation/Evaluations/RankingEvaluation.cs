namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Measures how high a recommender ranks what users turned to next.</summary>
/// <remarks>
/// Pure, and the same whatever the number of threads. A full ranking leaves out everything that the user is known to have seen; candidates of a sampled one must hold none of
/// the user's positives, neither of training nor of test.
/// </remarks>
public static class RankingEvaluation
{
    /// <summary>Ranks the whole catalogue, but what the user saw, for every user with a test item.</summary>
    /// <param name="split">What was learned from (the histories that are scored) and what is looked for.</param>
    /// <param name="options">Cut, users, and how they are scored.</param>
    /// <exception cref="TrainingException">
    /// <see cref="TrainingError.UnsuitableData"/>: the test overlaps the training set, is empty, or the model's scores are not numbers. <see cref="TrainingError.InvalidInput"/>: the cut is
    /// larger than the catalogue.
    /// </exception>
    public static RankingMetrics Full(
        IRecommender model, InteractionSplit split, RankingOptions options, CancellationToken cancellationToken) =>
        Mean(FullByUser(model, split, options, cancellationToken).Rankings, options, "full");

    /// <summary>As <see cref="Full"/>, user by user.</summary>
    internal static (int[] Users, UserRanking[] Rankings) FullByUser(
        IRecommender model, InteractionSplit split, RankingOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(options);
        split.Check();
        Check(model, split.Train, options.Cut);
        var users = UsersOf(split.Test, options.Users);
        return (users, Measure(model, split.Train, users, options, Rank, cancellationToken));

        UserRanking Rank(int user, ReadOnlySpan<float> scores)
        {
            // What was seen does not compete.
            var candidates = scores.ToArray();
            foreach (var item in split.Train.ItemsOf(user))
            {
                candidates[item] = float.NegativeInfinity;
            }

            var wanted = new float[split.Test.ItemsOf(user).Length];
            for (var index = 0; index < wanted.Length; index++)
            {
                wanted[index] = scores[split.Test.ItemsOf(user)[index]];
            }

            return UserRanking.Of(candidates, wanted, options.Cut);
        }
    }

    /// <summary>Ranks each user's one test item among its listed negatives.</summary>
    /// <param name="candidates">Negatives by user, as <see cref="SampledCandidates"/> draws or reads them.</param>
    /// <exception cref="TrainingException">As <see cref="Full"/>; and <see cref="TrainingError.UnsuitableData"/>: a user with several test items, or a positive among the negatives.</exception>
    public static RankingMetrics Sampled(
        IRecommender model, InteractionSplit split, SampledCandidates candidates, RankingOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(candidates);
        split.Check();
        Check(model, split.Train, options.Cut);
        candidates.Check(split);
        return Mean(Measure(model, split.Train, UsersOf(split.Test, options.Users), options, Rank, cancellationToken), options, $"{candidates.PerUser} sampled");

        UserRanking Rank(int user, ReadOnlySpan<float> scores)
        {
            var negatives = candidates.Of(user);
            var ranked = new float[negatives.Length + 1];
            for (var index = 0; index < negatives.Length; index++)
            {
                ranked[index] = scores[negatives[index]];
            }

            ranked[^1] = scores[split.Test.ItemsOf(user)[0]];
            return UserRanking.Of(ranked, [ranked[^1]], options.Cut);
        }
    }

    private delegate UserRanking Ranker(int user, ReadOnlySpan<float> scores);

    internal static RankingMetrics Mean(UserRanking[] rankings, RankingOptions options, string kind) => UserRanking.Mean(rankings, options.Cut, kind);

    private static UserRanking[] Measure(
        IRecommender model, InteractionSet histories, int[] users, RankingOptions options, Ranker rank, CancellationToken cancellationToken)
    {
        var rankings = new UserRanking[users.Length];
        ParallelRows.For(
            users.Length,
            () => new float[model.ItemCount],
            (index, scores) =>
            {
                var user = users[index];
                model.Score(new UserHistory(histories.ItemsOf(user), options.IsFolded ? -1 : user), scores);
                foreach (var score in scores)
                {
                    if (!float.IsFinite(score))
                    {
                        throw new TrainingException(
                            TrainingError.UnsuitableData, $"{model.Algorithm} scores an item with {score} for user '{histories.Users[user]}'; expected finite numbers.");
                    }
                }

                rankings[index] = rank(user, scores);
            },
            cancellationToken);
        return rankings;
    }

    private static int[] UsersOf(InteractionSet test, IReadOnlySet<int>? users)
    {
        int[] tested = [.. Enumerable.Range(0, test.UserCount).Where(user => test.ItemsOf(user).Length > 0 && users?.Contains(user) != false)];
        return tested.Length > 0
            ? tested
            : throw new TrainingException(TrainingError.UnsuitableData, "None of the chosen users has a test item; expected at least one.");
    }

    private static void Check(IRecommender model, InteractionSet train, int cut)
    {
        if (model.ItemCount != train.ItemCount)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"The model scores {model.ItemCount} items, the data has {train.ItemCount}; expected the same catalogue.");
        }

        if (cut < 1 || cut > train.ItemCount)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"cut is {cut}; expected 1 to {train.ItemCount}, the size of the catalogue.");
        }
    }
}

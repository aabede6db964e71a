namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Negatives by user, for a sampled ranking.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class SampledCandidates
{
    private readonly int[][] _negatives;

    /// <param name="negatives">Item indexes by user index; empty for a user that is not tested.</param>
    /// <param name="perUser">How many were asked for: the name of the metric says it.</param>
    public SampledCandidates(IReadOnlyList<int[]> negatives, int perUser)
    {
        ArgumentNullException.ThrowIfNull(negatives);
        _negatives = [.. negatives];
        PerUser = perUser;
    }

    /// <value>Negatives that were asked for; a user may have fewer.</value>
    public int PerUser { get; }

    /// <summary>Negatives of a user.</summary>
    public ReadOnlySpan<int> Of(int user) => _negatives[user];

    /// <summary>Draws negatives, each once, that are no positive of the user in training or test; fewer where the catalogue has fewer.</summary>
    /// <param name="perUser">1 or more; 99 is usual.</param>
    public static SampledCandidates Draw(InteractionSplit split, int perUser, int seed)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentOutOfRangeException.ThrowIfLessThan(perUser, 1);
        var random = new Random(seed);
        var items = split.Train.ItemCount;
        var taken = new int[items];
        var negatives = new int[split.Train.UserCount][];
        for (var user = 0; user < negatives.Length; user++)
        {
            negatives[user] = [];
            if (split.Test.ItemsOf(user).Length == 0)
            {
                continue;
            }

            var stamp = user + 1;
            var positives = Mark(split.Train.ItemsOf(user)) + Mark(split.Test.ItemsOf(user));
            var drawn = new int[Math.Min(perUser, items - positives)];
            for (var index = 0; index < drawn.Length;)
            {
                var item = random.Next(items);
                if (taken[item] != stamp)
                {
                    taken[item] = stamp;
                    drawn[index++] = item;
                }
            }

            negatives[user] = drawn;

            int Mark(ReadOnlySpan<int> marked)
            {
                foreach (var item in marked)
                {
                    taken[item] = stamp;
                }

                return marked.Length;
            }
        }

        return new SampledCandidates(negatives, perUser);
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: a positive among the negatives, or a user with several test items.</exception>
    internal void Check(InteractionSplit split)
    {
        var positives = new HashSet<int>();
        for (var user = 0; user < split.Test.UserCount; user++)
        {
            var test = split.Test.ItemsOf(user);
            if (test.Length == 0)
            {
                continue;
            }

            if (test.Length > 1)
            {
                throw new TrainingException(
                    TrainingError.UnsuitableData, $"User '{split.Test.Users[user]}' has {test.Length} test items; a sampled ranking expects one (leave one out).");
            }

            positives.Clear();
            foreach (var item in split.Train.ItemsOf(user))
            {
                positives.Add(item);
            }

            positives.Add(test[0]);
            var wrong = Of(user).ToArray().Count(positives.Contains);
            if (wrong > 0)
            {
                throw new TrainingException(
                    TrainingError.UnsuitableData, $"{wrong} of the negatives of user '{split.Test.Users[user]}' are positives of it; expected none.");
            }
        }
    }
}

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Ways to hold interactions back.</summary>
/// <remarks>Pure: the same set and seed give the same split.</remarks>
public static class InteractionSplits
{
    /// <summary>Each user's last interaction is the test; users with fewer than <paramref name="historyMin"/> + 1 interactions stay in training whole.</summary>
    /// <param name="historyMin">Training interactions that a tested user keeps, 1 or more; default 1.</param>
    public static InteractionSplit LeaveLastOut(InteractionSet interactions, int historyMin = 1)
    {
        ArgumentNullException.ThrowIfNull(interactions);
        ArgumentOutOfRangeException.ThrowIfLessThan(historyMin, 1);
        return Of(interactions, (user, place) => interactions.ItemsOf(user).Length > historyMin && place == interactions.ItemsOf(user).Length - 1);
    }

    /// <summary>One interaction of each user, drawn at random, is the test: for data without times.</summary>
    public static InteractionSplit LeaveOneOut(InteractionSet interactions, int seed)
    {
        ArgumentNullException.ThrowIfNull(interactions);
        var random = new Random(seed);
        var held = new int[interactions.UserCount];
        for (var user = 0; user < held.Length; user++)
        {
            var count = interactions.ItemsOf(user).Length;
            held[user] = count > 1 ? random.Next(count) : -1;
        }

        return Of(interactions, (user, place) => place == held[user]);
    }

    /// <summary>A share of every user's interactions, drawn at random, is the test.</summary>
    /// <param name="testShare">Above 0 and below 1; a user keeps round((1 - share) * n) interactions.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the share.</exception>
    public static InteractionSplit Stratified(InteractionSet interactions, double testShare, int seed)
    {
        ArgumentNullException.ThrowIfNull(interactions);
        if (testShare is not (> 0 and < 1))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"testShare is {testShare}; expected a share above 0 and below 1.");
        }

        var random = new Random(seed);
        var isTest = new bool[interactions.UserCount][];
        for (var user = 0; user < isTest.Length; user++)
        {
            var count = interactions.ItemsOf(user).Length;
            var places = new int[count];
            for (var place = 0; place < count; place++)
            {
                places[place] = place;
            }

            random.Shuffle(places);
            isTest[user] = new bool[count];
            foreach (var place in places.AsSpan((int)Math.Round((1 - testShare) * count)))
            {
                isTest[user][place] = true;
            }
        }

        return Of(interactions, (user, place) => isTest[user][place]);
    }

    /// <summary>Hides users, drawn at random, from a training set: their histories are folded in at request time only.</summary>
    /// <param name="share">Above 0 and below 1.</param>
    /// <returns>The training set without them, and who they are.</returns>
    public static (InteractionSet Train, IReadOnlySet<int> Hidden) HideUsers(InteractionSet train, double share, int seed)
    {
        ArgumentNullException.ThrowIfNull(train);
        if (share is not (> 0 and < 1))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"share is {share}; expected a share above 0 and below 1.");
        }

        var users = new int[train.UserCount];
        for (var user = 0; user < users.Length; user++)
        {
            users[user] = user;
        }

        new Random(seed).Shuffle(users);
        var hidden = users.Take((int)Math.Round(share * users.Length)).ToHashSet();
        return (train.Where((user, _) => !hidden.Contains(user)), hidden);
    }

    private static InteractionSplit Of(InteractionSet interactions, Func<int, int, bool> isTest) =>
        new(interactions.Where((user, place) => !isTest(user, place)), interactions.Where(isTest));
}

namespace ZeroWorld.ML.Training.Recommendation.Tests;

/// <summary>Small interaction sets.</summary>
internal static class Sets
{
    /// <summary>The set that fitted models are shared of.</summary>
    internal static InteractionSet Tastes { get; } = TwoTastes();

    /// <summary>Attributes of the 40 items: the taste, and one that says nothing.</summary>
    internal static ItemAttributes TastesAttributes { get; } = ItemAttributes.Of(
        Tastes.Items, Enumerable.Range(0, 40).SelectMany(static item => new[] { ($"i{item}", "taste", $"{item % 2}"), ($"i{item}", "shelf", item < 36 ? "low" : "high") }));

    internal static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Users u0, u1...: each row is a history, the oldest item first.</summary>
    internal static InteractionSet Of(int items, params int[][] histories)
    {
        var builder = new InteractionSetBuilder();
        for (var item = 0; item < items; item++)
        {
            builder.AddItem($"i{item}");
        }

        for (var user = 0; user < histories.Length; user++)
        {
            builder.AddUser($"u{user}");
            for (var place = 0; place < histories[user].Length; place++)
            {
                builder.Add($"u{user}", $"i{histories[user][place]}", place);
            }
        }

        return builder.Build();
    }

    /// <summary>Users of two tastes, each of half the catalogue, with noise: what every recommender must be able to learn.</summary>
    internal static InteractionSet TwoTastes(int users = 120, int items = 40, int seed = 5)
    {
        var random = new Random(seed);
        var histories = new int[users][];
        for (var user = 0; user < users; user++)
        {
            var taste = user % 2;
            var chosen = new List<int>();
            while (chosen.Count < 8)
            {
                var item = (random.Next(items / 2) * 2) + (random.NextDouble() < 0.05 ? 1 - taste : taste);
                if (!chosen.Contains(item))
                {
                    chosen.Add(item);
                }
            }

            histories[user] = [.. chosen];
        }

        return Of(items, histories);
    }
}

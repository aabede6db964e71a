namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class RecommendationEngineTests
{
    private static readonly InteractionSet Set = Sets.Tastes;

    [Fact]
    public void Recommend_TrainedUser_LeavesOutWhatItHad()
    {
        var answer = Engine("als").Recommend(new RecommendQuery { User = "u3", Count = 20 });

        var seen = Set.ItemsOf(3).ToArray().Select(item => Set.Items[item]);
        Assert.Equal(RecommendationSource.TrainedUser, answer.Source);
        Assert.Equal(20, answer.Items.Count);
        Assert.Empty(answer.Items.Select(static item => item.Id).Intersect(seen));
        Assert.Equal(answer.Items.OrderByDescending(static item => item.Score), answer.Items);
    }

    [Fact]
    public void Recommend_CountBeyondTheCatalogue_GivesAllThatIsLeft()
    {
        var answer = Engine("ease").Recommend(new RecommendQuery { User = "u3", Count = 10_000 });

        Assert.Equal(32, answer.Items.Count);
    }

    [Fact]
    public void Recommend_IncludeSeen_RanksEverything()
    {
        Assert.Equal(40, Engine("ease").Recommend(new RecommendQuery { User = "u3", Count = 50, IncludeSeen = true }).Items.Count);
    }

    [Fact]
    public void Recommend_StrangerWithRecentItems_FoldsInAndNamesUnknownItems()
    {
        var answer = Engine("als").Recommend(new RecommendQuery { User = "nobody", RecentItems = ["i0", "i2", "gone", "i4"] });

        Assert.Equal(RecommendationSource.FoldIn, answer.Source);
        Assert.Equal(["gone"], answer.UnknownItems);

        // The even items are one taste.
        Assert.True(answer.Items.Count(static item => int.Parse(item.Id[1..]) % 2 == 0) >= 8);
    }

    [Fact]
    public void Recommend_TrainedUserWithNewItem_FoldsInBoth()
    {
        var item = Enumerable.Range(0, 40).First(static item => !Set.ItemsOf(3).Contains(item));

        var answer = Engine("sasrec").Recommend(new RecommendQuery { User = "u3", RecentItems = [$"i{item}"], Count = 40 });

        Assert.Equal(RecommendationSource.FoldIn, answer.Source);
        Assert.Equal(31, answer.Items.Count);
    }

    [Fact]
    public void Recommend_NothingKnown_GivesWhatMostHave()
    {
        var answer = Engine("als").Recommend(new RecommendQuery { User = "nobody" });

        Assert.Equal(RecommendationSource.Popularity, answer.Source);
        var counts = Enumerable.Range(0, 40).Max(item => Enumerable.Range(0, Set.UserCount).Count(user => Set.ItemsOf(user).Contains(item)));
        Assert.Equal(counts, answer.Items[0].Score);
    }

    [Fact]
    public void Recommend_ExcludedAndFiltered_KeepsToBoth()
    {
        var engine = Engine("als");
        var first = engine.Recommend(new RecommendQuery { User = "u3" }).Items[0].Id;

        var answer = engine.Recommend(new RecommendQuery
        {
            User = "u3", Exclude = [first], Count = 40, Filters = new Dictionary<string, IReadOnlyList<string>> { ["parity"] = ["odd"], ["third"] = ["0", "1"] },
        });

        Assert.DoesNotContain(first, answer.Items.Select(static item => item.Id));
        Assert.NotEmpty(answer.Items);
        Assert.All(answer.Items, static item => Assert.True(int.Parse(item.Id[1..]) is var index && index % 2 == 1 && index % 3 < 2));
    }

    [Fact]
    public void Recommend_Candidates_ScoresOnlyThem()
    {
        var answer = Engine("als").Recommend(new RecommendQuery { User = "u3", IncludeSeen = true, Candidates = ["i1", "i2", "i99"] });

        Assert.Equal(["i1", "i2"], answer.Items.Select(static item => item.Id).Order());
        Assert.Equal(["i99"], answer.UnknownItems);
    }

    [Fact]
    public void Recommend_LikeAttributes_RanksItemsThatHaveThem()
    {
        var answer = Engine("als").Recommend(new RecommendQuery { LikeAttributes = ["parity=odd", "third=2"], Count = 6 });

        Assert.Equal(RecommendationSource.Content, answer.Source);
        Assert.All(answer.Items, static item => Assert.True(int.Parse(item.Id[1..]) is var index && index % 2 == 1 && index % 3 == 2));
    }

    [Fact]
    public void Recommend_Approximate_FindsNearlyTheExactItems()
    {
        var engine = Engine("als");

        var (exact, near) = (engine.Recommend(new RecommendQuery { User = "u3" }), engine.Recommend(new RecommendQuery { User = "u3", Approximate = true }));

        Assert.False(near.IsExact);
        Assert.Equal(exact.Items.Select(static item => item.Id), near.Items.Select(static item => item.Id));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_001)]
    public void Recommend_CountOutOfRange_NamesIt(int count)
    {
        Assert.Contains($"k is {count}; expected 1 to 10000", Assert.Throws<TrainingException>(() => Engine("ease").Recommend(new RecommendQuery { Count = count })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recommend_FilterNobodyKnows_NamesIt()
    {
        var query = new RecommendQuery { Filters = new Dictionary<string, IReadOnlyList<string>> { ["colour"] = ["red"] } };

        Assert.Contains("no item has the attribute 'colour'", Assert.Throws<TrainingException>(() => Engine("ease").Recommend(query)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("als")]
    [InlineData("ease")]
    public void SimilarItems_Item_AreOfItsTaste(string algorithm)
    {
        var answer = Engine(algorithm).SimilarItems("i4", 10);

        Assert.DoesNotContain("i4", answer.Items.Select(static item => item.Id));
        Assert.True(answer.Items.Count(static item => int.Parse(item.Id[1..]) % 2 == 0) >= 8);
    }

    [Fact]
    public void SimilarUsers_User_EqualsTheCosine()
    {
        var answer = Engine("als").SimilarUsers("u3", 5);

        var expected = Enumerable.Range(0, Set.UserCount).Where(static user => user != 3)
            .Max(user => Set.ItemsOf(user).ToArray().Intersect(Set.ItemsOf(3).ToArray()).Count() / 8.0);
        Assert.Equal(expected, answer.Items[0].Score, 5);
        Assert.DoesNotContain("u3", answer.Items.Select(static item => item.Id));
    }

    [Theory]
    [InlineData("als")]
    [InlineData("neumf")]
    [InlineData("hybrid")]
    public void Score_GivenItems_AreThoseOfTheRankingInTheOrderOfTheQuestion(string algorithm)
    {
        var engine = new RecommendationEngine(RecommenderBundle.Of(RecommenderTests.Fitted(algorithm), Set, null, null, Sets.Token));
        var best = engine.Recommend(new RecommendQuery { User = "u3", IncludeSeen = true, Count = 40 }).Items.ToDictionary(static item => item.Id, static item => item.Score);

        var answer = engine.Score(new RecommendQuery { User = "u3" }, ["i7", "gone", "i2", "i7"]);

        Assert.Equal([new RecommendedId("i7", best["i7"]), new RecommendedId("i2", best["i2"]), new RecommendedId("i7", best["i7"])], answer.Items);
        Assert.Equal((RecommendationSource.TrainedUser, "gone"), (answer.Source, Assert.Single(answer.UnknownItems)));
        Assert.Contains("score_items has 0 ids", Assert.Throws<TrainingException>(() => engine.Score(new RecommendQuery(), [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recommend_ItemsThatNobodyUsed_AreKnownByTheirAttributes()
    {
        // Items 4 and 5 have no interaction.
        var set = Sets.Of(6, [0, 2], [0, 2], [1, 3]);
        var attributes = ItemAttributes.Of(set.Items, Enumerable.Range(0, 6).Select(static item => ($"i{item}", "taste", $"{item % 2}")));
        RecommendationEngine Of(IRecommenderTrainer trainer) => new(RecommenderBundle.Of(trainer.Fit(set, 1, Sets.Token), set, attributes, null, Sets.Token));
        var als = Of(new ImplicitAlsTrainer(new ImplicitAlsSettings { Dimensions = 2 }));

        // One that reads a new item, an item like a new one, and what a hybrid recommends to a trained user.
        var reader = als.Recommend(new RecommendQuery { RecentItems = ["i4"], Count = 2 });
        var similar = als.SimilarItems("i5", 2);
        var hybrid = Of(new HybridTrainer([(new EaseTrainer(1), 0.5), (new ContentTrainer(attributes), 0.5)])).Recommend(new RecommendQuery { User = "u0", Count = 1 });

        Assert.Equal((RecommendationSource.Content, "i0", "i2"), (reader.Source, reader.Items[0].Id, reader.Items[1].Id));
        Assert.Equal((RecommendationSource.Content, "i1", "i3"), (similar.Source, similar.Items[0].Id, similar.Items[1].Id));
        Assert.Equal("i4", hybrid.Items[0].Id);
    }

    [Fact]
    public void SimilarItems_ItemNeverSeen_NamesIt()
    {
        Assert.Contains("item: 'i400' was never seen", Assert.Throws<TrainingException>(() => Engine("als").SimilarItems("i400", 5)).Message, StringComparison.Ordinal);
    }

    private static RecommendationEngine Engine(string algorithm)
    {
        var attributes = ItemAttributes.Of(
            Set.Items, Enumerable.Range(0, 40).SelectMany(static item => new[] { ($"i{item}", "parity", item % 2 == 0 ? "even" : "odd"), ($"i{item}", "third", $"{item % 3}") }));
        return new RecommendationEngine(RecommenderBundle.Of(RecommenderTests.Fitted(algorithm), Set, attributes, null, Sets.Token));
    }
}

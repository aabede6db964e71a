using ZeroWorld.ML.Models.Retrieval;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>A trained recommender with everything that a server needs beside it: ids, histories, attributes and, where the model has item vectors, an index.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class RecommenderBundle
{
    /// <summary>Name of the file in a model package.</summary>
    public const string FileName = "recommender.bin";

    /// <summary>What a user's id is called where nothing else is said.</summary>
    public const string UserKeyDefault = "user";

    private RecommenderBundle(IRecommender model, InteractionSet histories, ItemAttributes? attributes, RecentItemsSource? recentItems, HnswIndex? index)
    {
        (Model, Histories, Attributes, RecentItems, Index) = (model, histories, attributes, recentItems, index);
        UserKey = recentItems?.Key ?? UserKeyDefault;
    }

    public IRecommender Model { get; }

    /// <summary>What the users had when the model was trained.</summary>
    public InteractionSet Histories { get; }

    public ItemAttributes? Attributes { get; }

    public RecentItemsSource? RecentItems { get; }

    /// <value>What a user's id is called in the prediction log: the key of <see cref="RecentItems"/>, or the column that the users were read of. Default <c>user</c>.</value>
    public string UserKey { get; init; }

    /// <value>What the model was measured on, by which a later one is compared with it; <see langword="null"/>: not known.</value>
    public HeldBackRows? HeldBack { get; init; }

    /// <value><see langword="null"/> for a model whose score is no product of two vectors.</value>
    public HnswIndex? Index { get; }

    /// <param name="histories">What the model was trained on.</param>
    /// <param name="attributes">Of the same items, or <see langword="null"/>; a model that scores by attributes brings its own.</param>
    /// <param name="recentItems">Where recent items are read at request time, or <see langword="null"/>.</param>
    public static RecommenderBundle Of(
        IRecommender model, InteractionSet histories, ItemAttributes? attributes, RecentItemsSource? recentItems, CancellationToken cancellationToken) =>
        Of(model, histories, attributes, recentItems, null, recentItems?.Key ?? UserKeyDefault, cancellationToken);

    /// <param name="heldBack">What the model was measured on, or <see langword="null"/>.</param>
    /// <param name="userKey">What a user's id is called.</param>
    /// <inheritdoc cref="Of(IRecommender, InteractionSet, ItemAttributes?, RecentItemsSource?, CancellationToken)"/>
    public static RecommenderBundle Of(
        IRecommender model, InteractionSet histories, ItemAttributes? attributes, RecentItemsSource? recentItems, HeldBackRows? heldBack, string userKey,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(histories);
        var own = AttributesOf(model);
        if (own is not null && attributes is not null && !ReferenceEquals(own, attributes))
        {
            throw new TrainingException(TrainingError.InvalidInput, "The model was trained with other attributes than those of the bundle; expected the same ones, or none.");
        }

        var index = model is IQueryRecommender query ? HnswIndex.Build(query.ItemVectors, query.QueryLength, new HnswOptions(), cancellationToken) : null;
        return new RecommenderBundle(model, histories, attributes ?? own, recentItems, index) { HeldBack = heldBack, UserKey = userKey };
    }

    private static HeldBackRows? ReadHeldBack(SectionFile file, InteractionSet histories)
    {
        if (!file.Has("held_back_users"))
        {
            return null;
        }

        var (users, items, ndcg) = (file.Integers("held_back_users"), file.Integers("held_back_items"), file.Floats("held_back_ndcg"));
        InteractionSections.Check("held_back_users", users.AsSpan().IndexOfAnyExceptInRange(0, histories.UserCount - 1) < 0);
        InteractionSections.Check("held_back_items", items.Length == users.Length && items.AsSpan().IndexOfAnyExceptInRange(0, histories.ItemCount - 1) < 0);
        InteractionSections.Check("held_back_ndcg", ndcg.Length == users.Length && Array.TrueForAll(ndcg, static value => value is >= 0 and <= 1));
        return new HeldBackRows(users, items, ndcg);
    }

    private static ItemAttributes? AttributesOf(IRecommender model) => model switch
    {
        ContentModel content => content.Attributes,
        HybridModel hybrid => hybrid.Parts.Select(static part => AttributesOf(part.Model)).FirstOrDefault(static attributes => attributes is not null),
        _ => null,
    };

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: an algorithm that cannot be packaged.</exception>
    public void Write(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = new SectionFile();
        file.Add("algorithm", (string[])[Model.Algorithm]);
        InteractionSections.Write(file, Histories);
        ModelSections.Write(file, Model);
        Attributes?.Write(file);
        if (RecentItems is { } recent)
        {
            file.Add("recent_items", (string[])[recent.FeatureService, recent.Fingerprint, recent.Column, recent.Key]);
        }

        file.Add("user_key", (string[])[UserKey]);
        if (HeldBack is { } held)
        {
            file.Add("held_back_users", [.. held.Users]);
            file.Add("held_back_items", [.. held.Items]);
            file.Add("held_back_ndcg", [.. held.Ndcg]);
        }

        if (Index is { } index)
        {
            file.Add("index", index.ToLinks());
        }

        file.Write(path);
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: the file is damaged, or of another version.</exception>
    public static RecommenderBundle Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = SectionFile.Read(path);
        var algorithm = file.Texts("algorithm");
        InteractionSections.Check("algorithm", algorithm.Length == 1);
        var histories = InteractionSections.Read(file);
        var attributes = ItemAttributes.Read(file, histories.ItemCount);
        var model = ModelSections.Read(file, algorithm[0], histories, attributes);
        var recent = file.Has("recent_items") ? file.Texts("recent_items") : null;
        InteractionSections.Check("recent_items", recent is null or { Length: 4 });
        var key = file.Has("user_key") ? file.Texts("user_key") : [recent?[3] ?? UserKeyDefault];
        InteractionSections.Check("user_key", key.Length == 1);
        return new RecommenderBundle(
            model, histories, attributes, recent is null ? null : new RecentItemsSource(recent[0], recent[1], recent[2], recent[3]),
            file.Has("index") && model is IQueryRecommender query ? HnswIndex.FromLinks(file.Integers("index"), query.ItemVectors, query.QueryLength) : null)
        {
            UserKey = key[0],
            HeldBack = ReadHeldBack(file, histories),
        };
    }
}

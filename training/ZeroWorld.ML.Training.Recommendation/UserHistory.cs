namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>What is known of a user at request time.</summary>
public readonly ref struct UserHistory
{
    /// <param name="items">Indexes of items, the oldest first; may be empty.</param>
    /// <param name="user">Index of a user of the training set, or -1 for one to fold in.</param>
    public UserHistory(ReadOnlySpan<int> items, int user = -1)
    {
        Items = items;
        User = user;
    }

    /// <summary>Indexes of items, the oldest first.</summary>
    public ReadOnlySpan<int> Items { get; }

    /// <summary>Index of a trained user, or -1.</summary>
    public int User { get; }

    /// <summary>The history of a user of a set, to be folded in.</summary>
    public UserHistory Folded => new(Items);
}

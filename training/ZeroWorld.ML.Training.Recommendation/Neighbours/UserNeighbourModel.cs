namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>The histories of the trained users; who is alike is found when it is asked.</summary>
internal sealed class UserNeighbourModel(string algorithm, InteractionSet histories, int neighbours, double shrink) : IRecommender
{
    private readonly InteractionColumns _columns = histories.ToColumns();

    public string Algorithm => algorithm;

    public int ItemCount => histories.ItemCount;

    internal InteractionSet Histories => histories;

    internal int Neighbours => neighbours;

    internal double Shrink => shrink;

    public void Score(UserHistory history, Span<float> scores)
    {
        scores.Clear();
        var counts = new int[histories.UserCount];
        var alike = new List<int>();
        foreach (var item in history.Items)
        {
            foreach (var user in _columns.UsersOf(item))
            {
                if (counts[user]++ == 0)
                {
                    alike.Add(user);
                }
            }
        }

        var found = new List<(int User, float Similarity)>(alike.Count);
        foreach (var user in alike)
        {
            if (user != history.User)
            {
                var norm = Math.Sqrt((double)history.Items.Length * histories.ItemsOf(user).Length);
                found.Add((user, (float)(counts[user] / (norm + shrink))));
            }
        }

        if (found.Count > neighbours)
        {
            found.Sort(static (left, right) => left.Similarity != right.Similarity ? right.Similarity.CompareTo(left.Similarity) : left.User.CompareTo(right.User));
        }

        for (var index = 0; index < Math.Min(neighbours, found.Count); index++)
        {
            foreach (var item in histories.ItemsOf(found[index].User))
            {
                scores[item] += found[index].Similarity;
            }
        }
    }
}

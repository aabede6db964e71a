namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Interactions and sparse rows as sections; what is read is checked, since a server indexes by it.</summary>
internal static class InteractionSections
{
    internal static void Write(SectionFile file, InteractionSet set)
    {
        file.Add("users", set.Users.Ids);
        file.Add("items", set.Items.Ids);
        var starts = new int[set.UserCount + 1];
        var items = new int[set.Count];
        for (var user = 0; user < set.UserCount; user++)
        {
            set.ItemsOf(user).CopyTo(items.AsSpan(starts[user]));
            starts[user + 1] = starts[user] + set.ItemsOf(user).Length;
        }

        file.Add("history_starts", starts);
        file.Add("history_items", items);
    }

    internal static InteractionSet Read(SectionFile file)
    {
        var (users, items) = (new IdVocabulary(file.Texts("users")), new IdVocabulary(file.Texts("items")));
        var (starts, indexes) = (file.Integers("history_starts"), file.Integers("history_items"));
        CheckRows("history", starts, indexes, users.Count, items.Count);
        return new InteractionSet(users, items, starts, indexes, new long[indexes.Length]);
    }

    internal static void Write(SectionFile file, string name, SparseRows rows)
    {
        file.Add($"{name}_starts", rows.Starts);
        file.Add($"{name}_columns", rows.Columns);
        file.Add($"{name}_values", rows.Values);
    }

    internal static SparseRows Read(SectionFile file, string name, int rows)
    {
        var sparse = new SparseRows(file.Integers($"{name}_starts"), file.Integers($"{name}_columns"), file.Floats($"{name}_values"));
        CheckRows(name, sparse.Starts, sparse.Columns, rows, rows);
        Check(name, sparse.Values.Length == sparse.Columns.Length);
        return sparse;
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>.</exception>
    internal static void Check(string section, bool isRight)
    {
        if (!isRight)
        {
            throw new TrainingException(TrainingError.UnsuitableData, $"The section '{section}' of the recommender file does not fit the others.");
        }
    }

    internal static void CheckRows(string name, int[] starts, int[] columns, int rows, int columnCount)
    {
        Check(name, starts.Length == rows + 1 && starts[0] == 0 && starts[^1] == columns.Length);
        for (var row = 0; row < rows; row++)
        {
            Check(name, starts[row] <= starts[row + 1]);
        }

        Check(name, columns.AsSpan().IndexOfAnyExceptInRange(0, columnCount - 1) < 0);
    }
}

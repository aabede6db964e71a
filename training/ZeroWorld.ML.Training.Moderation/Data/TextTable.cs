namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Texts with one label each.</summary>
internal sealed record TextTable(IReadOnlyList<string> Texts, IReadOnlyList<string> Labels)
{
    /// <summary>Leaves the first of texts that are equal but for white space at their ends.</summary>
    public TextTable WithoutDuplicates(out int removed)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        int[] kept = [.. Enumerable.Range(0, Texts.Count).Where(row => seen.Add(Texts[row].Trim()))];
        removed = Texts.Count - kept.Length;
        return new TextTable([.. kept.Select(row => Texts[row])], [.. kept.Select(row => Labels[row])]);
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the file is absent.</exception>
    public static string Find(string path, string file)
    {
        var full = Directory.Exists(path) ? Path.Combine(path, file) : path;
        return File.Exists(full) ? full : throw new TrainingException(TrainingError.InvalidInput, $"path: '{full}' does not exist; expected the published file {file}.");
    }
}

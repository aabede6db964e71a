namespace ZeroWorld.ML.Serving;

/// <summary>Which of the versions in a model's folder are offered: the newest ones, all, or those that are named. Pure.</summary>
/// <param name="NewestCount">How many of the newest; <see langword="null"/> for all or for those named.</param>
/// <param name="Named">The versions that are named, where they are.</param>
internal sealed record FolderVersionPolicy(int? NewestCount, IReadOnlyList<long>? Named)
{
    public static FolderVersionPolicy Newest { get; } = new(1, null);

    public static FolderVersionPolicy All { get; } = new(null, null);

    /// <param name="versions">The versions that are there, ascending.</param>
    /// <returns>Ascending.</returns>
    public IReadOnlyList<long> Choose(IReadOnlyList<long> versions) => (NewestCount, Named) switch
    {
        ({ } count, _) => [.. versions.TakeLast(count)],
        (_, { } named) => [.. versions.Where(named.Contains)],
        _ => versions,
    };

    /// <summary>A clause when no version is to be offered.</summary>
    public string? FindProblem(IReadOnlyList<long> versions) => versions.Count == 0
        ? "it has no version: expected a folder with a number of 1 or more as its name"
        : Choose(versions).Count == 0
            ? $"its version policy names version {string.Join(", ", Named ?? [])}, and the folder has {string.Join(", ", versions)}"
            : null;
}

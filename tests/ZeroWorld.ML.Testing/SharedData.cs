using Xunit;

namespace ZeroWorld.ML.Testing;

/// <summary>Data sets that lie beside the repository (<c>../shared/data</c>) or where <c>ZEROWORLD_DATA</c> points. They are optional: a test skips without them.</summary>
public static class SharedData
{
    private const string Variable = "ZEROWORLD_DATA";

    /// <summary>The folder of the data sets, or <see langword="null"/>.</summary>
    public static string? Folder { get; } = Find();

    /// <returns>The absolute path of a file or folder, or <see langword="null"/> when it is not on this machine.</returns>
    /// <param name="relativePath">For example <c>fraud-handbook/transactions.parquet</c>.</param>
    public static string? TryFind(string relativePath)
    {
        if (Folder is null)
        {
            return null;
        }

        var path = Path.Combine(Folder, relativePath);
        return Path.Exists(path) ? path : null;
    }

    /// <summary>The absolute path of a file or folder; skips the running test when it is not on this machine.</summary>
    public static string FindOrSkip(string relativePath)
    {
        var path = TryFind(relativePath);
        if (path is null)
        {
            Assert.Skip($"The shared data '{relativePath}' is not on this machine: expected beside the repository in ../shared/data, or where {Variable} points.");
        }

        return path;
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return Directory.Exists(named) ? Path.GetFullPath(named) : null;
        }

        // The tests run from artifacts/bin/..., a checkout may itself lie in a folder of checkouts: every parent is tried.
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}

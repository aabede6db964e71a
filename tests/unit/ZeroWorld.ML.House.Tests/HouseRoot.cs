namespace ZeroWorld.ML.House.Tests;

/// <summary>The folder of the solution, found from where the test runs.</summary>
internal static class HouseRoot
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "ZeroWorld.ML.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No ZeroWorld.ML.sln above '{AppContext.BaseDirectory}'.");
    }
}

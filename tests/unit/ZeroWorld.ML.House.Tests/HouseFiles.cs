namespace ZeroWorld.ML.House.Tests;

/// <summary>The files of the house, without what a build or a run has made.</summary>
internal static class HouseFiles
{
    public static readonly string[] ProductFolders = ["models", "features", "serving", "training", "pipelines", "gpu-nodes"];

    private static readonly HashSet<string> GeneratedFolders = new(StringComparer.Ordinal)
    {
        ".git", ".idea", ".vs", ".vscode", ".zeroworld", "artifacts", "bin", "obj", "BenchmarkDotNet.Artifacts", "TestResults", "__pycache__", "node_modules",
    };

    /// <summary>Paths relative to the root, with slashes, in ordinal order.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Enumerate(new DirectoryInfo(HouseRoot.Path)).Select(ToRelative).Order(StringComparer.Ordinal)];

    public static IEnumerable<string> Projects => All.Where(static file => file.EndsWith(".csproj", StringComparison.Ordinal));

    public static IEnumerable<string> ProductProjects => Projects.Where(IsProduct);

    public static bool IsProduct(string file) => ProductFolders.Contains(file.Split('/')[0], StringComparer.Ordinal);

    public static string Read(string file) => File.ReadAllText(Path.Combine(HouseRoot.Path, file));

    private static IEnumerable<FileInfo> Enumerate(DirectoryInfo folder) =>
        folder.EnumerateFiles().Concat(folder.EnumerateDirectories().Where(static child => !GeneratedFolders.Contains(child.Name)).SelectMany(Enumerate));

    private static string ToRelative(FileInfo file) => Path.GetRelativePath(HouseRoot.Path, file.FullName).Replace('\\', '/');
}

namespace ZeroWorld.ML.Cli;

/// <summary>How this program is called from where the user is.</summary>
internal static class CommandLine
{
    /// <summary>The executable, relative to the current folder where it lies below it.</summary>
    public static string Self { get; } = FindSelf();

    private static string FindSelf()
    {
        var path = Environment.ProcessPath ?? "zwml";
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }
}

namespace ZeroWorld.ML.Cli;

/// <summary>Exit codes of every command.</summary>
internal static class ExitCode
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 2;

    /// <summary>128 + SIGINT, as shells report it.</summary>
    public const int Cancelled = 130;
}

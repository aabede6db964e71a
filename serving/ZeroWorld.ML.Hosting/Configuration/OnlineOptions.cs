namespace ZeroWorld.ML.Hosting;

/// <summary>Which online store this process uses.</summary>
public sealed class OnlineOptions
{
    public const string Section = "Online";

    /// <summary>A Redis, Valkey or Redis Cluster to use instead of the embedded Garnet.</summary>
    /// <value><c>HOST:PORT</c>, several joined with ',' for a cluster; <see langword="null"/> (the default): embedded.</value>
    public string? Redis { get; set; }
}

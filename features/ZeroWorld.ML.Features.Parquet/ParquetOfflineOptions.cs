using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Where the offline store keeps its tables, and what it may use while it works.</summary>
public sealed class ParquetOfflineOptions
{
    public const string Section = "Features:Offline";

    /// <value>The data directory; tables lie in <c>offline/PROJECT/TABLE</c> below it. Default <c>.zeroworld</c>.</value>
    [Required]
    public string DataDirectory { get; set; } = ".zeroworld";

    /// <value>Memory of the engine in MiB for one operation, 64 or more; beyond it the engine spills to disk. Default 768.</value>
    [Range(64, 1_048_576)]
    public int MemoryLimitMiB { get; set; } = 768;

    /// <value>Threads of one operation; 0, the default, takes one per processor.</value>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <value>Where the engine spills to; <see langword="null"/>, the default, takes <c>tmp</c> in the data directory.</value>
    public string? TempDirectory { get; set; }

    internal int ThreadCount => Threads > 0 ? Threads : Environment.ProcessorCount;
}

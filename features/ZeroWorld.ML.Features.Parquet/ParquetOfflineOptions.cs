using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Where the offline store keeps its tables, and what it may use while it works.</summary>
public sealed class ParquetOfflineOptions
{
    public const string Section = "Features:Offline";

    /// <value>The data directory; tables lie in <c>offline/PROJECT/TABLE</c> below it. Default <c>.zeroworld</c>.</value>
    [Required]
    public string DataDirectory { get; set; } = ".zeroworld";

    /// <value>
    /// Memory of one operation in MiB, 64 or more: three fifths for the engine, which spills to disk beyond it, the rest for the join, which goes over the
    /// spine in as many ranges as fit. The program itself takes about 150 MiB more. <see langword="null"/>, the default, takes a quarter of the memory of the machine
    /// or the container, from 512 to 5120: with the program itself below 6 GB.
    /// </value>
    [Range(64, 1_048_576)]
    public int? MemoryLimitMiB { get; set; }

    /// <value>Threads of one operation; 0, the default, takes one per processor.</value>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <value>Where the engine spills to; <see langword="null"/>, the default, takes <c>tmp</c> in the data directory.</value>
    public string? TempDirectory { get; set; }

    /// <summary>The same on another data directory; the engine goes on spilling to where it did.</summary>
    internal ParquetOfflineOptions WithDirectory(string path)
    {
        var other = (ParquetOfflineOptions)MemberwiseClone();
        other.DataDirectory = path;
        other.TempDirectory = SpillParent;
        return other;
    }

    internal long EngineMiB => Math.Max(LimitMiB * 3 / 5, 64);

    /// <value>
    /// Of the engine's memory the part of the one that writes a training set while another one reads: a quarter, since the sorts of large windowed views need the rest.
    /// </value>
    internal long OutputMiB => Math.Max(EngineMiB / 4, 64);

    internal long JoinMiB => Math.Max(EngineMiB - OutputMiB, 64);

    /// <value>What the join may take beside the engine; tests make it small.</value>
    internal long? CellBytesMax { get; set; }

    /// <value>Rows of a table that one thread scans at a time; tests make it small.</value>
    internal long SliceRows { get; set; } = SourceSlice.RowsMax;

    internal long CellBytes => CellBytesMax ?? (LimitMiB - (LimitMiB * 3 / 5)) << 20;

    internal string SpillParent => TempDirectory ?? Path.Combine(DataDirectory, "tmp");

    private long LimitMiB => MemoryLimitMiB ?? ShareOf(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>What an operation may take of a machine with so many bytes, in MiB.</summary>
    internal static long ShareOf(long memoryBytes) => Math.Clamp(memoryBytes >> 22, 512, 5120);

    internal int ThreadCount => Threads > 0 ? Threads : Environment.ProcessorCount;
}

using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>A store in a folder of its own, which goes with it.</summary>
internal sealed class StoreFolder : IDisposable
{
    public StoreFolder(int threads = 2)
    {
        Root = Path.Combine(Path.GetTempPath(), $"zwml-offline-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Root);
        Options = new ParquetOfflineOptions { DataDirectory = Path.Combine(Root, "data"), Threads = threads, MemoryLimitMiB = 512 };
        Store = StoreWith(threads);
    }

    public string Root { get; }

    public ParquetOfflineOptions Options { get; }

    public DuckDbOfflineStore Store { get; }

    /// <summary>Another store over the same tables.</summary>
    public DuckDbOfflineStore StoreWith(int threads) => new(
        new ParquetOfflineOptions { DataDirectory = Options.DataDirectory, Threads = threads, MemoryLimitMiB = 512, CellBytesMax = Options.CellBytesMax, SliceRows = Options.SliceRows },
        TimeProvider.System,
        NullLogger<DuckDbOfflineStore>.Instance);

    public string PathOf(string name) => Path.Combine(Root, name);

    public string WriteText(string name, string text) => WriteBytes(name, Encoding.UTF8.GetBytes(text));

    public string WriteBytes(string name, byte[] bytes)
    {
        File.WriteAllBytes(PathOf(name), bytes);
        return PathOf(name);
    }

    public string WriteGzip(string name, string text)
    {
        using (var file = new GZipStream(File.Create(PathOf(name)), CompressionLevel.Fastest))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
        }

        return PathOf(name);
    }

    /// <summary>Writes what a query of the engine gives as a Parquet file.</summary>
    public string WriteParquet(string name, string query)
    {
        using var session = new DuckDbSession(Options);
        session.Execute($"COPY ({query}) TO {Sql.Text(PathOf(name))} (FORMAT parquet)", CancellationToken.None);
        return PathOf(name);
    }

    /// <summary>Every file of the store that is no complete Parquet file.</summary>
    public IReadOnlyList<string> Leftovers() => Directory.Exists(Options.DataDirectory)
        ? [.. Directory.GetFiles(Options.DataDirectory, "*", SearchOption.AllDirectories).Where(static path => !path.EndsWith(".parquet", StringComparison.Ordinal) && Path.GetFileName(path) != "generation")]
        : [];

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

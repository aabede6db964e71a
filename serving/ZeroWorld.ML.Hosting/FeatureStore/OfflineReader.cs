using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Parquet;

namespace ZeroWorld.ML.Hosting;

/// <summary>Definitions and tables of a data directory, for work that only reads them: it may go on beside a server.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class OfflineReader : IDisposable
{
    private readonly DataDirectory _directory;

    private OfflineReader(DataDirectory directory, IOfflineStore store, FeatureServiceCatalog catalog)
    {
        _directory = directory;
        Store = store;
        Catalog = catalog;
    }

    /// <summary>The tables. Importing one is for the writer of the directory.</summary>
    public IOfflineStore Store { get; }

    /// <summary>The registered definitions.</summary>
    public FeatureServiceCatalog Catalog { get; }

    /// <exception cref="HostingException">There is no data directory, or its format is another build's.</exception>
    public static OfflineReader Open(ZeroWorldConfiguration configuration, ILoggerFactory logging, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var directory = DataDirectory.OpenForReading(configuration.Get<DataOptions>().DataDirectory);
        var options = new ParquetOfflineOptions();
        configuration.CopyTo(options);
        options.DataDirectory = directory.Root;
        var store = new DuckDbOfflineStore(options, time, logging.CreateLogger<DuckDbOfflineStore>());
        return new OfflineReader(directory, store, new FeatureServiceCatalog(new DefinitionRegistry(directory.Root, time), store, directory));
    }

    public void Dispose() => _directory.Dispose();
}

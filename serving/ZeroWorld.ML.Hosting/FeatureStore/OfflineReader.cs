using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Hosting;

/// <summary>Definitions and tables of a data directory, for work that only reads them: it may go on beside a server.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class OfflineReader : IDisposable
{
    private readonly DataDirectory _directory;

    private readonly IReadOnlyList<IDisposable> _owned;

    private OfflineReader(DataDirectory directory, IOfflineStore store, FeatureServiceCatalog catalog, IReadOnlyList<IDisposable> owned)
    {
        _directory = directory;
        _owned = owned;
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
        var (store, owned) = OpenStore(configuration.Get<S3Options>(), options, directory, logging, time);
        return new OfflineReader(directory, store, new FeatureServiceCatalog(new DefinitionRegistry(directory.Root, time), store, directory), owned);
    }

    public void Dispose()
    {
        foreach (var owned in _owned)
        {
            owned.Dispose();
        }

        _directory.Dispose();
    }

    private static (IOfflineStore Store, IReadOnlyList<IDisposable> Owned) OpenStore(
        S3Options s3, ParquetOfflineOptions options, DataDirectory directory, ILoggerFactory logging, TimeProvider time)
    {
        var logger = logging.CreateLogger<DuckDbOfflineStore>();
        if (!s3.IsUsed)
        {
            return (new DuckDbOfflineStore(options, time, logger), []);
        }

        try
        {
            var objects = new ObjectStore(s3);
            var cache = S3Composition.CreateCache(objects, s3, directory, time);
            return (new S3OfflineStore(options, objects, cache, time, logger), [cache, objects]);
        }
        catch (ObjectStoreException exception)
        {
            throw new HostingException(exception.Message, exception);
        }
    }
}

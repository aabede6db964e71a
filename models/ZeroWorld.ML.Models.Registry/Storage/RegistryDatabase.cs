using Microsoft.EntityFrameworkCore;

namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>Reads, and changes in one transaction each, of the registry's tables.</summary>
/// <remarks>Thread safe; several processes may use one database.</remarks>
/// <param name="options">Where the registry is.</param>
/// <param name="engine">The database product; disposed with this.</param>
/// <param name="migrations">As <see cref="RegistrySchema.Migrations"/>.</param>
internal sealed class RegistryDatabase(ModelRegistryOptions options, IRegistryEngine engine, IReadOnlyList<string> migrations) : IDisposable
{
    /// <summary>How often a change is tried again when another one took its key.</summary>
    internal const int ConflictRetriesMax = 8;

    private readonly SemaphoreSlim _initialization = new(1);

    // One writer of this process at a time waits for the database; the others wait here, where waiting costs no thread.
    private readonly SemaphoreSlim _writer = new(1);
    private volatile bool _isInitialized;

    internal Task<T> ReadAsync<T>(Func<RegistryDbContext, Task<T>> read, CancellationToken cancellationToken) => TranslateAsync(async () =>
    {
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        var context = new RegistryDbContext(engine.CreateOptions<RegistryDbContext>());
        await using (context.ConfigureAwait(false))
        {
            return await read(context).ConfigureAwait(false);
        }
    });

    /// <summary>Runs a change in one transaction with every other change excluded, and commits it with the next revision; rolls back when it tracked nothing.</summary>
    /// <param name="change">Takes the next revision. May run several times; what it adds to the context is saved.</param>
    internal Task<T> ChangeAsync<T>(Func<RegistryDbContext, long, Task<T>> change, CancellationToken cancellationToken) => TranslateAsync(async () =>
    {
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    return await ChangeOnceAsync(change, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception exception) when (engine.IsConflict(exception) && attempt < ConflictRetriesMax)
                {
                    // Another writer took the number: the transaction is gone, the next one reads what is there now.
                }
            }
        }
        finally
        {
            _writer.Release();
        }
    });

    public void Dispose()
    {
        engine.Dispose();
        _initialization.Dispose();
        _writer.Dispose();
    }

    private async Task<T> ChangeOnceAsync<T>(Func<RegistryDbContext, long, Task<T>> change, CancellationToken cancellationToken)
    {
        var context = new RegistryDbContext(engine.CreateOptions<RegistryDbContext>());
        await using (context.ConfigureAwait(false))
        {
            var transaction = await context.Database.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await engine.EnterChangeAsync(context, cancellationToken).ConfigureAwait(false);

                // Writing the one row first locks it until the commit, also in a database that locks rows.
                await context.State.ExecuteUpdateAsync(set => set.SetProperty(row => row.Revision, row => row.Revision + 1), cancellationToken).ConfigureAwait(false);
                var revision = await context.State.Select(row => row.Revision).SingleAsync(cancellationToken).ConfigureAwait(false);
                var result = await change(context, revision).ConfigureAwait(false);
                if (context.ChangeTracker.HasChanges())
                {
                    await context.SaveChangesAsync(cancellationToken).ConfigureAwait(false);
                    await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                }

                return result;
            }
        }
    }

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        if (_isInitialized)
        {
            return;
        }

        await _initialization.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isInitialized)
            {
                await OpenAsync(cancellationToken).ConfigureAwait(false);
                _isInitialized = true;
            }
        }
        finally
        {
            _initialization.Release();
        }
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        var context = new RegistryDbContext(engine.CreateOptions<RegistryDbContext>());
        await using (context.ConfigureAwait(false))
        {
            await engine.PrepareAsync(context, cancellationToken).ConfigureAwait(false);
            var transaction = await context.Database.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var exists = await engine.EnterUpgradeAsync(context, cancellationToken).ConfigureAwait(false);
                await RegistrySchema.UpgradeAsync(context, exists, migrations, cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<T> TranslateAsync<T>(Func<Task<T>> operation)
    {
        try
        {
            return await engine.RunAsync(operation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryError.StoreUnavailable, $"The registry at '{options.DataDirectory}' cannot be used: {exception.Message}", exception);
        }
        catch (Exception exception) when (engine.Translate(exception) is not null)
        {
            throw engine.Translate(exception)!;
        }
    }
}

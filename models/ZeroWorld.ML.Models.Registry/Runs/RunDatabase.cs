using Microsoft.EntityFrameworkCore;
using ZeroWorld.ML.Models.Registry.Storage;

namespace ZeroWorld.ML.Models.Registry.Runs;

/// <summary>Opens the database of runs, and reads and changes it in one transaction each.</summary>
/// <remarks>Thread safe; several processes may use one database.</remarks>
/// <param name="engine">The database product; disposed with this.</param>
/// <param name="place">What messages call it.</param>
internal sealed class RunDatabase(IRegistryEngine engine, DatabasePlace place) : IDisposable
{
    // One caller of this process at a time waits for the database; the others wait here, where waiting costs no thread.
    private readonly SemaphoreSlim _writer = new(1);
    private bool _isInitialized;

    internal async Task<T> ReadAsync<T>(Func<RunDbContext, Task<T>> read, CancellationToken cancellationToken)
    {
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        return await TranslateAsync(async () =>
        {
            var context = new RunDbContext(engine.CreateOptions<RunDbContext>());
            await using (context.ConfigureAwait(false))
            {
                return await read(context).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
    }

    /// <param name="change">May run several times; what it adds to the context is saved.</param>
    internal Task<T> ChangeAsync<T>(Func<RunDbContext, Task<T>> change, CancellationToken cancellationToken) => ChangeAsync(change, null, cancellationToken);

    /// <summary>Reads in a transaction that no other one can be beside that writes to a table, in this process or another.</summary>
    internal Task<T> ExcludeAsync<T>(string table, Func<RunDbContext, Task<T>> read, CancellationToken cancellationToken) => ChangeAsync(read, table, cancellationToken);

    public void Dispose()
    {
        engine.Dispose();
        _writer.Dispose();
    }

    private async Task<T> ChangeAsync<T>(Func<RunDbContext, Task<T>> change, string? excluded, CancellationToken cancellationToken)
    {
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await TranslateAsync(async () =>
            {
                for (var attempt = 0; ; attempt++)
                {
                    try
                    {
                        return await ChangeOnceAsync(change, excluded, cancellationToken).ConfigureAwait(false);
                    }
                    catch (Exception exception) when (engine.IsConflict(exception) && attempt < RegistryDatabase.ConflictRetriesMax)
                    {
                        // Another writer was there first: the transaction is gone, the next one reads what is there now.
                    }
                }
            }).ConfigureAwait(false);
        }
        finally
        {
            _writer.Release();
        }
    }

    private async Task<T> ChangeOnceAsync<T>(Func<RunDbContext, Task<T>> change, string? excluded, CancellationToken cancellationToken)
    {
        var context = new RunDbContext(engine.CreateOptions<RunDbContext>());
        await using (context.ConfigureAwait(false))
        {
            // Immediate in SQLite: a transaction that reads first and writes then would be refused, not queued.
            var transaction = await context.Database.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await engine.EnterChangeAsync(context, cancellationToken).ConfigureAwait(false);
                if (excluded is not null)
                {
                    await engine.ExcludeWritersAsync(context, excluded, cancellationToken).ConfigureAwait(false);
                }

                var result = await change(context).ConfigureAwait(false);
                await context.SaveChangesAsync(cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return result;
            }
        }
    }

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _isInitialized))
        {
            return;
        }

        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isInitialized)
            {
                await TranslateAsync(() => CreateAsync(cancellationToken)).ConfigureAwait(false);
                Volatile.Write(ref _isInitialized, true);
            }
        }
        finally
        {
            _writer.Release();
        }
    }

    private async Task<bool> CreateAsync(CancellationToken cancellationToken)
    {
        var context = new RunDbContext(engine.CreateOptions<RunDbContext>());
        await using (context.ConfigureAwait(false))
        {
            await engine.PrepareAsync(context, cancellationToken).ConfigureAwait(false);
            var transaction = await context.Database.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                if (await engine.EnterUpgradeAsync(context, cancellationToken).ConfigureAwait(false))
                {
                    var schema = await context.State.Select(static row => row.Schema).SingleAsync(cancellationToken).ConfigureAwait(false);
                    return schema == RunStateRow.CurrentSchema
                        ? false
                        : throw new RegistryException(
                            RegistryError.InvalidInput,
                            $"The {place.Noun} has schema {schema}; this build knows schema {RunStateRow.CurrentSchema}. Use the build that made it, or a newer one.");
                }

                await context.Database.ExecuteSqlRawAsync(context.Database.GenerateCreateScript(), cancellationToken).ConfigureAwait(false);
                context.State.Add(new RunStateRow { Id = 1, Schema = RunStateRow.CurrentSchema });
                await context.SaveChangesAsync(cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return true;
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
            throw new RegistryException(RegistryError.StoreUnavailable, $"The {place.Noun} '{place.File}' cannot be used: {exception.Message}", exception);
        }
        catch (Exception exception) when (engine.Translate(exception) is not null)
        {
            throw engine.Translate(exception)!;
        }
    }
}

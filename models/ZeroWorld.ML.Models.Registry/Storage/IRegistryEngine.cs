using Microsoft.EntityFrameworkCore;

namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>What is special about one database product: how it is opened, how long one waits for it, and what its errors mean.</summary>
internal interface IRegistryEngine : IDisposable
{
    /// <summary>Options of a context for this database.</summary>
    DbContextOptions<TContext> CreateOptions<TContext>()
        where TContext : DbContext;

    /// <summary>Makes the database ready for its first transaction.</summary>
    Task PrepareAsync(DbContext context, CancellationToken cancellationToken);

    /// <summary>Begins the transaction in which the tables are made or brought forward: no other process is in one.</summary>
    /// <returns>Whether the tables are there.</returns>
    Task<bool> EnterUpgradeAsync(DbContext context, CancellationToken cancellationToken);

    /// <summary>Bounds the waits of the transaction that has just begun.</summary>
    Task EnterChangeAsync(DbContext context, CancellationToken cancellationToken);

    /// <summary>Waits until no other transaction has written to a table, and keeps others from writing until this one ends.</summary>
    Task ExcludeWritersAsync(DbContext context, string table, CancellationToken cancellationToken);

    /// <summary>Whether another writer took the key, so that the change is tried again in a new transaction.</summary>
    bool IsConflict(Exception exception);

    /// <summary>Runs what opens the database, once or, where that failed for something that it can do without, once more.</summary>
    Task<T> RunAsync<T>(Func<Task<T>> operation);

    /// <returns>What the exception means to a caller; <see langword="null"/>: it is none of this product's.</returns>
    RegistryException? Translate(Exception exception);
}

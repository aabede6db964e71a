using Microsoft.EntityFrameworkCore;

namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>Makes the tables, and brings those of an older build forward.</summary>
internal static class RegistrySchema
{
    internal const string StateTable = "registry_state";

    /// <summary>Statements that turn schema i + 1 into schema i + 2. Add to the end; never change one that was released.</summary>
    internal static readonly IReadOnlyList<string> Migrations = [];

    /// <summary>Runs inside a transaction that excludes every other writer, so that two processes may start at once and none sees half a schema.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: a newer build made this database.</exception>
    internal static async Task UpgradeAsync(
        RegistryDbContext context, bool exists, IReadOnlyList<string> migrations, CancellationToken cancellationToken)
    {
        var current = migrations.Count + 1;
        if (!exists)
        {
            await context.Database.ExecuteSqlRawAsync(context.Database.GenerateCreateScript(), cancellationToken).ConfigureAwait(false);
            context.State.Add(new StateRow { Id = StateRow.OnlyId, Schema = current, Revision = 0 });
            await context.SaveChangesAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        var found = await context.State.Select(row => row.Schema).SingleAsync(cancellationToken).ConfigureAwait(false);
        if (found > current)
        {
            throw new RegistryException(
                RegistryError.InvalidInput, $"The registry database has schema {found}; this build knows schemas up to {current}. Use the build that made it, or a newer one.");
        }

        for (var schema = found; schema < current; schema++)
        {
            await context.Database.ExecuteSqlRawAsync(migrations[schema - 1], cancellationToken).ConfigureAwait(false);
        }

        if (found < current)
        {
            await context.State.ExecuteUpdateAsync(set => set.SetProperty(row => row.Schema, current), cancellationToken).ConfigureAwait(false);
        }
    }
}

using Microsoft.EntityFrameworkCore;

namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>Makes the tables, and brings those of an older build forward.</summary>
internal static class RegistrySchema
{
    internal const string StateTable = "registry_state";

    // What PostgreSQL is told of names, and SQLite does by itself.
    private const string ByBytes = " COLLATE \"C\"";

    /// <summary>Statements, as PostgreSQL reads them, that turn schema i + 1 into schema i + 2. Add to the end; never change one that was released.</summary>
    internal static readonly IReadOnlyList<string> Migrations =
    [
        $"""
        CREATE TABLE model_retirements (
            project varchar(64){ByBytes} NOT NULL, name varchar(64){ByBytes} NOT NULL, version bigint NOT NULL, retired_time bigint NOT NULL,
            PRIMARY KEY (project, name, version),
            FOREIGN KEY (project, name, version) REFERENCES model_versions (project, name, version) ON DELETE RESTRICT);
        CREATE TABLE model_deletions (
            project varchar(64){ByBytes} NOT NULL, name varchar(64){ByBytes} NOT NULL, version bigint NOT NULL, digest varchar(71){ByBytes} NOT NULL, deleted_time bigint NOT NULL,
            PRIMARY KEY (project, name, version));
        CREATE INDEX model_deletions_digest ON model_deletions (digest);
        """,
    ];

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
            var statements = migrations[schema - 1];
            await context.Database.ExecuteSqlRawAsync(
                context.Database.IsNpgsql() ? statements : statements.Replace(ByBytes, "", StringComparison.Ordinal), cancellationToken).ConfigureAwait(false);
        }

        if (found < current)
        {
            await context.State.ExecuteUpdateAsync(set => set.SetProperty(row => row.Schema, current), cancellationToken).ConfigureAwait(false);
        }
    }
}

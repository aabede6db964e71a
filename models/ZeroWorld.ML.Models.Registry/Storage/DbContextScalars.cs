using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>Single values, read beside the object mapper: every process asks for these few at its start, where compiling a query takes longer than the rest.</summary>
internal static class DbContextScalars
{
    /// <summary>The schema of a set of tables.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.CorruptArtifact"/>: none is written down.</exception>
    public static async Task<int> ReadSchemaAsync(this DbContext context, DatabasePlace tables, CancellationToken cancellationToken) =>
        await context.ReadScalarAsync($"SELECT schema_version FROM {tables.StateTable}", cancellationToken).ConfigureAwait(false) is { } schema
            ? Convert.ToInt32(schema, CultureInfo.InvariantCulture)
            : throw new RegistryException(RegistryError.CorruptArtifact, $"The {tables.Noun} is damaged: its table '{tables.StateTable}' has no row.");

    /// <summary>The first value of the first row, in the transaction of the context; <see langword="null"/>: there is no row.</summary>
    /// <param name="context">Its connection is open.</param>
    /// <param name="sql">Of names that are the program's own.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<object?> ReadScalarAsync(this DbContext context, string sql, CancellationToken cancellationToken)
    {
        var command = context.Database.GetDbConnection().CreateCommand();
        await using (command.ConfigureAwait(false))
        {
            command.CommandText = sql;
            command.Transaction = context.Database.CurrentTransaction?.GetDbTransaction();
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}

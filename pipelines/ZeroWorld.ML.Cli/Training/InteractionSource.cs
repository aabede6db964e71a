using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Training.Recommendation;

namespace ZeroWorld.ML.Cli;

/// <summary>Where interactions come from: a file, or a table of the feature store.</summary>
internal sealed record InteractionSource
{
    /// <value>Path of a CSV, TSV or Parquet file, or the name of a table in the data directory.</value>
    public required string Table { get; init; }

    public required string User { get; init; }

    public required string Item { get; init; }

    /// <value><see langword="null"/>: nothing is known of the order.</value>
    public string? Time { get; init; }

    /// <value>File with the columns item, attribute and value.</value>
    public string? Attributes { get; init; }

    /// <value>Entity that the users of a table of the feature store are: those that were deleted are left out.</value>
    public string? Entity { get; init; }

    public required string DataDirectory { get; init; }

    public required string Project { get; init; }

    /// <value>The file of the table, or <see langword="null"/> where it is one of the feature store.</value>
    public string? File => System.IO.File.Exists(Table) ? Path.GetFullPath(Table) : null;

    private string Folder => Path.Combine(DataDirectory, "offline", Project, Table);

    /// <summary>The files that are read, for a fingerprint.</summary>
    public IReadOnlyList<string> Files
    {
        get
        {
            List<string> files = File is { } file ? [file] : [.. Directory.GetFiles(Folder, "*.parquet").Order(StringComparer.Ordinal)];
            if (Attributes is { } attributes)
            {
                files.Add(Path.GetFullPath(attributes));
            }

            return files;
        }
    }

    /// <summary>Interactions, and attributes of their items.</summary>
    /// <param name="hasCatalogue">Whether items with attributes and without interactions are in the catalogue.</param>
    /// <exception cref="UsageException">There is no such file or table.</exception>
    public async Task<(InteractionSet Set, ItemAttributes? Attributes)> ReadAsync(bool hasCatalogue, CancellationToken cancellationToken)
    {
        var attributes = Attributes is { } path ? await ReadAttributesAsync(path, cancellationToken) : null;
        string[] catalogue = hasCatalogue && attributes is not null ? [.. attributes.Select(static row => row.Item).Distinct(StringComparer.Ordinal)] : [];
        var set = await ReadAsync(catalogue, cancellationToken);
        return (set, attributes is null ? null : ItemAttributes.Of(set.Items, attributes));
    }

    private async Task<InteractionSet> ReadAsync(string[] catalogue, CancellationToken cancellationToken)
    {
        if (File is { } file)
        {
            return IsParquet(file)
                ? Of(await TableFile.ReadAsync(file, cancellationToken), Path.GetFileName(file), static (_, _) => null, catalogue)
                : await Task.Run(() => InteractionReader.Read(file, User, Item, Time, catalogue, cancellationToken), cancellationToken);
        }

        if (Table.AsSpan().IndexOfAny('/', '\\', '.') >= 0 || !Directory.Exists(Folder))
        {
            throw new UsageException($"--table: '{Table}' is neither a file nor a table of project '{Project}' in {DataDirectory}.");
        }

        if (Entity is not { } entity)
        {
            throw new UsageException("--entity: which entity the users are is needed with a table of the feature store, since users who were deleted are left out.");
        }

        var erasures = new ErasureList(DataDirectory).Of(Project);
        return Of(await TableFile.ReadAsync(Folder, cancellationToken), Table, (users, times) => erasures.Has(entity) ? KeptBy(erasures, entity, users, times) : null, catalogue);
    }

    private InteractionSet Of(TableFileContent content, string name, Func<Array, Array?, Func<int, bool>?> filter, string[] catalogue)
    {
        var (users, items, times) = (Column(content, User), Column(content, Item), Time is { } time ? Column(content, time) : null);
        return InteractionReader.Of(name, users, items, times, filter(users, times), catalogue);
    }

    /// <summary>Rows until the deletion of their user are left out; all of them where times are none.</summary>
    private Func<int, bool> KeptBy(Erasures erasures, string entity, Array users, Array? times)
    {
        var definition = new Entity { Name = entity, Keys = [new EntityKey(User, users is long[] ? FeatureType.Int64 : FeatureType.String)] };
        return row =>
        {
            var key = users is long[] numbers ? FeatureValue.FromInt64(numbers[row]) : FeatureValue.FromString(((string?[])users)[row] ?? "");
            var until = erasures.UntilOf(entity, EntityKeyCodec.Encode(definition, [key]));
            return until == long.MinValue || (times is long[] moments && moments[row] > until);
        };
    }

    private static Array Column(TableFileContent content, string name) => content.Columns.Any(column => column.Name == name)
        ? content.Frame.GetColumn(name)
        : throw new UsageException($"The table has no column '{name}'; its columns are {string.Join(", ", content.Columns.Select(static column => $"'{column.Name}'"))}.");

    private static async Task<IReadOnlyList<(string Item, string Name, string Value)>> ReadAttributesAsync(string path, CancellationToken cancellationToken)
    {
        if (!IsParquet(path))
        {
            return await Task.Run(() => InteractionReader.ReadAttributes(path), cancellationToken);
        }

        var content = await TableFile.ReadAsync(path, cancellationToken);
        var (items, names, values) = (Column(content, "item"), Column(content, "attribute"), Column(content, "value"));
        return [.. Enumerable.Range(0, content.Frame.Rows).Select(row => (Text(items, row), Text(names, row), Text(values, row)))];

        static string Text(Array column, int row) => Convert.ToString(column.GetValue(row), System.Globalization.CultureInfo.InvariantCulture) ?? "";
    }

    private static bool IsParquet(string path) => path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase);
}

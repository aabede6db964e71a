namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Finds the columns of a file whose importer names none.</summary>
/// <remarks>
/// What is appended has the columns of its table. Else a Parquet file says the types itself, and in a CSV file a column has the type that a view declares for it,
/// or the narrowest one that takes all of its values.
/// </remarks>
internal static class ColumnFinder
{
    /// <returns>The import with its columns, what is left out of the file, with the reason, and which columns became texts by one value.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: the file is damaged, or has no column that can be taken.</exception>
    public static (TableImport Import, IReadOnlyList<string> LeftOut, IReadOnlyList<TextColumn> Texts) Find(DuckDbSession session, TableFolder tables, TableImport import, CancellationToken cancellationToken)
    {
        var leftOut = new List<string>();
        var texts = new List<TextColumn>();
        if (import.IsAppended && tables.TryFilesOf(import.Project, import.Table) is { } files)
        {
            return (import with { Columns = ColumnsOf(TableFiles.Open(session, files, cancellationToken).Types), NotNull = NotNull(import) }, leftOut, texts);
        }

        var wanted = Wanted(import.Views);
        var columns = import.Path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase)
            ? OfParquet(new ParquetTableSource(session, import, []).Describe(cancellationToken).Types, import, wanted, leftOut)
            : OfCsv(import, wanted, leftOut, texts, cancellationToken);
        if (columns.Count == 0)
        {
            throw ImportFailure.File(import.Path, $"has no column that can be taken: {string.Join(", ", leftOut)}.");
        }

        Require(import, columns);
        return (import with { Columns = columns, NotNull = NotNull(import) }, leftOut, texts);
    }

    // A view that lacks one of them cannot read the table.
    private static void Require(TableImport import, List<OfflineColumn> columns)
    {
        var names = columns.Select(static column => column.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var view in import.Views.Where(static view => !view.Source.IsPushOnly))
        {
            var source = view.Source;
            (string? Column, string What)[] needed =
            [
                (source.EventTimeColumn, "its event time"), (source.CreatedTimeColumn, "its created time"),
                .. source.KeyColumns.Select(static column => (column, "a key")), (view is WindowedView ? source.EventIdColumn : null, "its event id"),
                .. view.StoredColumns.Select(column => ((string?)column.Name, FeaturesOf(view, column.Name))),
                .. view.Source.Filter?.Columns.Select(static column => ((string?)column.Name, "a column of its filter")) ?? [],
            ];
            foreach (var (missing, what) in needed.Where(item => item.Column is not null && !names.Contains(item.Column)))
            {
                throw ImportFailure.File(
                    import.Path, $"has no column '{missing}', which feature view '{view.Name}' of table '{import.Table}' reads as {what}. Its columns: {string.Join(", ", names)}. With '--column NAME:TYPE' the named columns are taken all the same.");
            }
        }
    }

    private static string FeaturesOf(FeatureView view, string column)
    {
        const int FeaturesMax = 3;
        var names = view is WindowedView windowed
            ? windowed.Features.Where(feature => feature.Column == column).Select(static feature => feature.Field.Name).ToList()
            : [.. ((LastValueView)view).Features.Where(feature => feature.Column == column).Select(static feature => feature.Field.Name)];
        return $"the source of {string.Join(", ", names.Take(FeaturesMax))}{(names.Count > FeaturesMax ? $" and {names.Count - FeaturesMax} more" : string.Empty)}";
    }

    private static List<OfflineColumn> ColumnsOf(Dictionary<string, string> types) =>
        [.. types.Where(static column => ColumnTypes.FeatureTypeOf(column.Value) is not null).Select(static column => new OfflineColumn(column.Key, ColumnTypes.FeatureTypeOf(column.Value)!.Value))];

    // Times of the views' events have a value in every row; of other columns nothing is known.
    private static IReadOnlyList<string> NotNull(TableImport import) => import.NotNull ?? [.. import.Views
        .SelectMany(static view => new[] { view.Source.EventTimeColumn, view.Source.CreatedTimeColumn })
        .OfType<string>().Distinct(StringComparer.Ordinal)];

    private static Dictionary<string, FeatureType> Wanted(IReadOnlyList<FeatureView> views)
    {
        var wanted = new Dictionary<string, FeatureType>(StringComparer.Ordinal);
        foreach (var view in views)
        {
            foreach (var (name, type) in ColumnsOf(view))
            {
                // Of several, the one that the others are widened from.
                wanted[name] = wanted.TryGetValue(name, out var other) && other != FeatureType.Float64 ? other : type;
            }
        }

        return wanted;
    }

    private static IEnumerable<(string Name, FeatureType Type)> ColumnsOf(FeatureView view)
    {
        yield return (view.Source.EventTimeColumn, FeatureType.Timestamp);
        if (view.Source.CreatedTimeColumn is { } created)
        {
            yield return (created, FeatureType.Timestamp);
        }

        foreach (var (column, key) in view.Source.KeyColumns.Zip(view.Entity.Keys))
        {
            yield return (column, key.Type);
        }

        foreach (var stored in view.ValueColumns)
        {
            yield return (stored.Name, stored.Type);
        }
    }

    private static List<OfflineColumn> OfParquet(Dictionary<string, string> types, TableImport import, Dictionary<string, FeatureType> wanted, List<string> leftOut)
    {
        var columns = new List<OfflineColumn>();
        foreach (var (name, type) in types)
        {
            var own = ColumnTypes.FeatureTypeOf(type) ?? (import.TimeZone is not null && ColumnTypes.IsNaiveTime(type) ? FeatureType.Timestamp : null);
            if (wanted.TryGetValue(name, out var declared) && (own is null || (ColumnTypes.Convert(name, type, declared) ?? NumberOf(name, type, declared)) is null))
            {
                // Read as its view wants it, which says what is wrong with it.
                columns.Add(new OfflineColumn(name, declared));
            }
            else if (own is { } known)
            {
                columns.Add(new OfflineColumn(name, known));
            }
            else
            {
                leftOut.Add(ColumnTypes.IsNaiveTime(type) ? $"{name} ({type}: times without a zone; --time-zone declares one)" : $"{name} ({type})");
            }
        }

        return columns;
    }

    private static string? NumberOf(string name, string type, FeatureType declared) => declared == FeatureType.Float64 ? ColumnTypes.ConvertNumber(name, type) : null;

    private static List<OfflineColumn> OfCsv(
        TableImport import, Dictionary<string, FeatureType> wanted, List<string> leftOut, List<TextColumn> texts, CancellationToken cancellationToken)
    {
        using var file = new CsvTableFile(import.Path, []);
        var parser = new CsvValueParser(import);
        var unknown = new List<(int Position, CsvColumnType Type)>();
        var names = file.Names;
        for (var position = 0; position < names.Count; position++)
        {
            if (names[position].Length == 0)
            {
                leftOut.Add($"column {position + 1} (it has no name)");
                continue;
            }

            // Refuses a name that stands there twice.
            _ = file.PositionOf(names[position]);

            // What views count as numbers may be written as true and false.
            if (!wanted.TryGetValue(names[position], out var declared) || declared == FeatureType.Float64)
            {
                unknown.Add((position, new CsvColumnType(parser)));
            }
        }

        for (var rows = 0L; unknown.Count > 0 && file.Read(); rows++)
        {
            if (rows % ColumnBuffer.BlockRows == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            foreach (var (position, type) in unknown)
            {
                if (file.MayBeCut(position) && type.Found is { } known and not FeatureType.String && !type.Takes(file.Get(position)))
                {
                    throw file.OrDamaged(ImportFailure.Value(
                        import.Path, "line", file.Line, names[position], file.Get(position),
                        $"{ColumnTypes.Describe(known)} as in all lines before it. The file ends behind this value without a line end, so that it may be cut off there; end the line if the value is whole"));
                }

                if (type.Add(file.Get(position)) is { } reason)
                {
                    texts.Add(new TextColumn(names[position], file.Line, ImportFailure.Show(file.Get(position)), reason.Before));
                }
            }
        }

        var found = unknown.ToDictionary(item => names[item.Position], static item => item.Type.Found ?? FeatureType.String, StringComparer.Ordinal);
        return [.. names.Where(static name => name.Length > 0).Select(name => new OfflineColumn(
            name, wanted.TryGetValue(name, out var type) && !(type == FeatureType.Float64 && found[name] == FeatureType.Bool) ? type : found[name]))];
    }
}

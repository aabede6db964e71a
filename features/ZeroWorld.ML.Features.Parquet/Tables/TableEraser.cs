namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Takes an entity out of the files of a table.</summary>
internal sealed class TableEraser(DuckDbSession session, TableFolder tables, TableErasureRequest request, CancellationToken cancellationToken)
{
    private const int AttemptsMax = 8;

    /// <summary>The tables that have rows of the entity, each once.</summary>
    public static IEnumerable<string> TablesOf(TableErasureRequest request) =>
        request.Views.Where(view => view.Entity.Name == request.Entity && !view.Source.IsPushOnly).Select(static view => view.Source.Table).Distinct(StringComparer.Ordinal);

    /// <summary>Looks at every file of a table that there is; one that was never imported has none.</summary>
    public TableErasure Erase(string table)
    {
        var views = request.Views.Where(view => view.Source.Table == table).ToList();
        var (rows, files) = (0L, 0L);
        foreach (var file in tables.TryFilesOf(request.Project, table) ?? [])
        {
            var erased = Erase(file, views);
            (rows, files) = (rows + erased, files + (erased > 0 ? 1 : 0));
        }

        return new TableErasure(rows, files);
    }

    private long Erase(string file, List<FeatureView> views)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var stamp = TableFolder.StampOf(file);
            var types = session.Describe(Sql.Scan([file]), cancellationToken);
            var isErased = string.Join(" OR ", views.Where(view => view.Entity.Name == request.Entity).Select(view => ConditionOf(file, view, types)).OfType<string>().Distinct());
            var rows = isErased.Length == 0 ? 0 : Count(file, isErased);
            if (rows == 0)
            {
                return 0;
            }

            var temporary = ParquetFile.TemporaryPathOf(file);
            ParquetFile.WriteQuery(session, StatementOf(file, views, types.Keys, isErased), temporary, null, cancellationToken);
            if (tables.TryReplace(file, temporary, stamp))
            {
                return rows;
            }
        }

        throw new FeatureException(FeatureError.StoreUnavailable, $"File '{file}' is imported again and again; expected some quiet to erase an entity in it. Repeat the deletion.");
    }

    private long Count(string file, string isErased)
    {
        using var rows = session.Query($"SELECT count(*) FROM {Sql.Scan([file])} WHERE {isErased}", cancellationToken);
        rows.Read();
        return rows.GetInt64(0);
    }

    private string StatementOf(string file, List<FeatureView> views, IEnumerable<string> columns, string isErased)
    {
        static bool Has(IEnumerable<string> names, string name) => names.Contains(name, StringComparer.OrdinalIgnoreCase);
        string[] keys = [.. views.Where(view => view.Entity.Name == request.Entity).SelectMany(static view => view.Source.KeyColumns)];
        string[] fixedColumns =
        [
            .. views.SelectMany(static view => new[] { view.Source.EventTimeColumn, view.Source.CreatedTimeColumn, view is WindowedView ? view.Source.EventIdColumn : null }).OfType<string>(),
        ];
        if (keys.Any(key => Has(fixedColumns, key)))
        {
            // A key that is a time or an id too cannot become null: the rows go as a whole.
            return $"SELECT * EXCLUDE (file_row_number, filename) FROM {Sql.Scan([file])} WHERE NOT coalesce({isErased}, false)";
        }

        string[] others = [.. views.Where(view => view.Entity.Name != request.Entity).SelectMany(static view => view.Source.KeyColumns.Concat(view.ValueColumns.Select(static column => column.Name)))];
        var selected = columns.Where(static name => name is not ("file_row_number" or "filename")).Select(name => Has(keys, name) || !(Has(fixedColumns, name) || Has(others, name))
            ? $"CASE WHEN {isErased} THEN NULL ELSE {Sql.Name(name)} END AS {Sql.Name(name)}"
            : Sql.Name(name));
        return $"SELECT {string.Join(", ", selected)} FROM {Sql.Scan([file])}";
    }

    /// <returns><see langword="null"/> where the file lacks a key or the time: none of its rows is anybody's.</returns>
    private string? ConditionOf(string file, FeatureView view, Dictionary<string, string> types)
    {
        var conditions = new List<string>();
        for (var index = 0; index < request.Keys.Count; index++)
        {
            if (!types.TryGetValue(view.Source.KeyColumns[index], out var type))
            {
                return null;
            }

            conditions.Add($"{Convert(file, view.Source.KeyColumns[index], type, view.Entity.Keys[index].Type)} = {Literal(request.Keys[index])}");
        }

        if (!types.TryGetValue(view.Source.EventTimeColumn, out var timeType))
        {
            return null;
        }

        conditions.Add($"{Convert(file, view.Source.EventTimeColumn, timeType, FeatureType.Timestamp)} <= {Sql.Number(request.Until)}");
        return $"({string.Join(" AND ", conditions)})";
    }

    private static string Convert(string file, string column, string engineType, FeatureType type) => ColumnTypes.Convert(column, engineType, type)
        ?? throw ImportFailure.File(file, $"has column '{column}' as {engineType}; expected {ColumnTypes.Describe(type)}, to find the rows of an entity.");

    private static string Literal(in FeatureValue key) => key.Type switch
    {
        FeatureType.Bool => key.AsBool() ? "true" : "false",
        FeatureType.String => Sql.Text(key.AsString()),
        FeatureType.Bytes => $"from_hex('{System.Convert.ToHexString(key.AsBytes().Span)}')",
        _ => Sql.Number(key.AsInt64()),
    };
}

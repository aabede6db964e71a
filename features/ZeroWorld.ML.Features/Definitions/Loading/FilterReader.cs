namespace ZeroWorld.ML.Features;

/// <summary>Reads <c>where</c> of a source, and the types of the columns that it alone reads.</summary>
internal sealed class FilterReader(DefinitionErrors errors)
{
    /// <param name="source">The source's mapping.</param>
    /// <param name="view">The view, complete but for its filter.</param>
    /// <param name="isWhole">Whether nothing is wrong with the view: else a column may be missing because its own definition is wrong.</param>
    /// <returns>The view with its filter; without one where none is declared, or it is wrong.</returns>
    public FeatureView Read(YamlObject source, FeatureView view, bool isWhole)
    {
        if (!source.Has("where"))
        {
            if (source.Has("columns"))
            {
                source.Fail("columns", "a source has 'columns' and no 'where'; expected them only for a filter that reads them");
            }

            return view;
        }

        if (view is WindowedView { IncludesRequest: true })
        {
            source.Fail("where", "a source has a 'where', and the window includes the request; expected one of the two, since a request does not have the columns of the source");
        }

        var known = KnownOf(view);
        var declared = ReadColumns(source, known);
        if (source.Text("where", "an expression over the source's columns, in quotes where YAML needs them", isRequired: true) is not { } expression
            || source.Find("where") is not YamlScalar text)
        {
            return view;
        }

        try
        {
            var filter = RowFilter.Compile(expression, [.. known, .. declared], declared);
            foreach (var column in declared.Where(column => !filter.Columns.Contains(column)))
            {
                source.Fail("columns", $"column '{column.Name}' is declared and the filter does not read it; expected only columns that it reads");
            }

            return view with { Source = view.Source with { Filter = filter } };
        }
        catch (ExpressionException exception) when (exception.UnknownName is not null && !isWhole)
        {
            return view;
        }
        catch (ExpressionException exception)
        {
            var column = text.TextColumn > 0 ? text.TextColumn + exception.Position : text.Column;
            var advice = exception.UnknownName is null ? string.Empty : ", or its type declared under 'columns'";
            errors.Add(text.File, text.Line, column, $"filter of a source, column {exception.Position + 1} of its expression: {exception.Message}{advice}");
            return view;
        }
    }

    // Of a column that is read in several roles the first one says the type. When a row was created is no property of a pushed event: the server may stamp it.
    private static List<StoredColumn> KnownOf(FeatureView view)
    {
        var source = view.Source;
        IEnumerable<StoredColumn> columns =
        [
            .. view.StoredColumns,
            .. source.KeyColumns.Zip(view.Entity.Keys, static (column, key) => new StoredColumn(column, key.Type)),
            new StoredColumn(source.EventTimeColumn, FeatureType.Timestamp),
            .. source.Stream?.Columns.Select(static column => new StoredColumn(column.Name, column.Type)) ?? [],
        ];
        return [.. columns.DistinctBy(static column => column.Name)];
    }

    private List<StoredColumn> ReadColumns(YamlObject source, List<StoredColumn> known)
    {
        var declared = new List<StoredColumn>();
        foreach (var item in source.List("columns", "a list of columns, each with name and type", isRequired: false))
        {
            if (YamlObject.Of(item, "a column of a source", errors, "name", "type") is not { } column)
            {
                continue;
            }

            var name = column.ColumnName("name", isRequired: true);
            if (column.Type("type") is not { } type || name is null)
            {
                continue;
            }

            if (known.Find(other => other.Name == name) is { } other)
            {
                column.Fail("name", $"column '{name}' is {FeatureTypeNames.Of(other.Type)} to the view already; expected only columns that nothing else of the view reads");
            }
            else if (declared.Exists(other => other.Name == name))
            {
                column.Fail("name", $"column '{name}' is declared twice; expected each name once");
            }
            else
            {
                declared.Add(new StoredColumn(name, type));
            }
        }

        return declared;
    }
}

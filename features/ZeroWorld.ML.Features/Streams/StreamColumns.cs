namespace ZeroWorld.ML.Features;

/// <summary>The columns of a stream with those that every stream has, and what views need of them.</summary>
internal static class StreamColumns
{
    /// <returns><see langword="null"/> when the stream has no such column.</returns>
    public static FeatureType? TypeOf(EventStream stream, string column) => column switch
    {
        EventStream.ArrivalColumn => FeatureType.Timestamp,
        EventStream.PositionColumn => FeatureType.String,
        _ => stream.Columns.FirstOrDefault(known => known.Name == column)?.Type,
    };

    /// <summary>The source columns that a view reads, each with the types that will do.</summary>
    public static IEnumerable<(string Column, FeatureType[] Accepted)> NeededBy(FeatureView view)
    {
        var source = view.Source;
        yield return (source.EventTimeColumn, [FeatureType.Timestamp]);
        if (source.CreatedTimeColumn is { } created)
        {
            yield return (created, [FeatureType.Timestamp]);
        }

        if (source.EventIdColumn is { } id && view is WindowedView)
        {
            yield return (id, [FeatureType.Int64, FeatureType.String]);
        }

        for (var index = 0; index < source.KeyColumns.Count; index++)
        {
            yield return (source.KeyColumns[index], [view.Entity.Keys[index].Type]);
        }

        foreach (var column in view.ValueColumns)
        {
            yield return (column.Name, view.Accepted(column));
        }
    }
}

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Says of a table what a join of its views would refuse.</summary>
internal static class TableFit
{
    /// <returns>A sentence for each view that cannot read the table; views that pushes alone feed read none.</returns>
    public static IReadOnlyList<string> FindMisfits(TableFiles table, IEnumerable<FeatureView> views)
    {
        var misfits = new List<string>();
        foreach (var view in views.Where(static view => !view.Source.IsPushOnly))
        {
            try
            {
                SourceQuery.Create(table, view);
            }
            catch (FeatureException misfit) when (misfit.Error == FeatureError.InvalidInput)
            {
                misfits.Add(misfit.Message);
            }
        }

        // What the files of a table do not agree on is said of the table, not of a view.
        return [.. misfits.Distinct(StringComparer.Ordinal)];
    }
}

namespace ZeroWorld.ML.Features;

/// <summary>Features asked for by name instead of by a registered service: a feature service made for the occasion. Pure.</summary>
public static class FeatureSelection
{
    /// <summary>Columns of the largest selection.</summary>
    public const int ColumnsMax = 4096;

    /// <summary>The name that such a service has; no registered one can have it.</summary>
    public const string ServiceName = "(features)";

    /// <summary>Makes the service.</summary>
    /// <remarks>
    /// A column is named as its feature; where two views have a feature of one name, both columns are named <c>VIEW.FEATURE</c>. Views that count the request's own event need
    /// the request values that they map, as in a service. Defaults and required features hold as declared; there are no transforms.
    /// </remarks>
    /// <param name="definitions">The definitions of the project.</param>
    /// <param name="features">One or more of <c>VIEW.FEATURE</c> and <c>VIEW.*</c>, in the order of the columns; each feature once.</param>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.InvalidInput"/>: no feature, one twice, too many, or a text of another form; <see cref="FeatureError.NotFound"/>: no such view or feature.
    /// </exception>
    public static FeatureService Of(DefinitionSet definitions, IReadOnlyList<string> features)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        ArgumentNullException.ThrowIfNull(features);
        var columns = new List<ServiceColumn>();
        foreach (var text in features)
        {
            Add(columns, definitions, text);
        }

        if (columns.Count is 0 or > ColumnsMax)
        {
            throw new FeatureException(FeatureError.InvalidInput, $"The request asks for {columns.Count} features; expected 1 to {ColumnsMax}.");
        }

        if (columns.GroupBy(static column => (column.View!.Name, column.Field)).FirstOrDefault(static group => group.Count() > 1) is { } twice)
        {
            throw new FeatureException(FeatureError.InvalidInput, $"The feature '{FullName(twice.First())}' is asked for twice; expected each once.");
        }

        var names = columns.CountBy(static column => column.Name).ToDictionary(StringComparer.Ordinal);
        var service = new FeatureService
        {
            Project = definitions.Project,
            Name = ServiceName,
            RequestValues = RequestValuesOf(columns),
            Transforms = [],
            Columns = [.. columns.Select(column => names[column.Name] == 1 ? column : column with { Name = FullName(column) })],
            Fingerprint = "",
        };
        return service with { Fingerprint = DefinitionFingerprint.Of(service) };
    }

    private static void Add(List<ServiceColumn> columns, DefinitionSet definitions, string text)
    {
        if (text.Split('.') is not [{ Length: > 0 } viewName, { Length: > 0 } featureName])
        {
            throw new FeatureException(FeatureError.InvalidInput, $"'{text}' names no feature; expected VIEW.FEATURE or VIEW.*.");
        }

        var view = definitions.GetView(viewName);
        var fields = view.Fields;
        var before = columns.Count;
        for (var index = 0; index < fields.Count; index++)
        {
            if (featureName == "*" || fields[index].Name == featureName)
            {
                columns.Add(new ServiceColumn { Name = fields[index].Name, Type = fields[index].Type, View = view, Field = index });
            }
        }

        if (columns.Count == before)
        {
            throw new FeatureException(
                FeatureError.NotFound,
                $"Feature view '{viewName}' has no feature '{featureName}'. It has: {string.Join(", ", fields.Select(static field => field.Name))}.");
        }
    }

    private static List<RequestValue> RequestValuesOf(List<ServiceColumn> columns)
    {
        var values = new List<RequestValue>();
        foreach (var view in columns.Select(static column => column.View).OfType<WindowedView>().DistinctBy(static view => view.Name))
        {
            var stored = view.StoredColumns;
            foreach (var (column, name) in view.IncludeRequest.OrderBy(static entry => entry.Key, StringComparer.Ordinal))
            {
                var type = stored.FirstOrDefault(known => known.Name == column)?.Type ?? FeatureType.Float64;
                if (values.Find(value => value.Name == name) is not { } known)
                {
                    values.Add(new RequestValue(name, type, FeatureValue.Null(type)));
                }
                else if (known.Type != type)
                {
                    throw new FeatureException(
                        FeatureError.InvalidInput,
                        $"Request value '{name}' is {FeatureTypeNames.Of(known.Type)} for one view and {FeatureTypeNames.Of(type)} for '{view.Name}'; ask for them apart.");
                }
            }
        }

        return values;
    }

    private static string FullName(ServiceColumn column) => $"{column.View!.Name}.{column.View.Fields[column.Field].Name}";
}

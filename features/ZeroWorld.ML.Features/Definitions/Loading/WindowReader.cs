namespace ZeroWorld.ML.Features;

/// <summary>Reads <c>window</c> and the aggregates of a windowed view.</summary>
internal sealed class WindowReader(DefinitionErrors errors)
{
    private static readonly (string Name, FeatureType Type)[] ColumnTypes =
        [("float64", FeatureType.Float64), ("int64", FeatureType.Int64), ("string", FeatureType.String)];

    /// <summary>Reads everything of the view that is about windows.</summary>
    /// <param name="view">The view's mapping, which has a <c>window</c>.</param>
    /// <param name="items">Its features.</param>
    /// <param name="readName">Reads the name of a feature and refuses one that is there twice.</param>
    /// <returns>A view without what every view has; <see langword="null"/> when something is wrong.</returns>
    public WindowParts? Read(YamlObject view, IReadOnlyList<YamlNode> items, Func<YamlObject, string?> readName)
    {
        var window = YamlObject.Of(
            view.Find("window")!, "a window", errors, "precision", "label_delay", "include_request", "max_events", "history");
        var precision = window is null ? WindowPrecision.Exact : ReadPrecision(window);
        var columnTypes = CollectTypes(items);
        var features = new List<WindowFeature>();
        foreach (var item in items)
        {
            if (ReadFeature(item, precision, columnTypes, readName) is { } feature)
            {
                features.Add(feature);
            }
        }

        if (window is null)
        {
            return null;
        }

        var delay = window.Duration("label_delay", isPositive: false, isRequired: false) ?? TimeSpan.Zero;
        if (delay > TimeSpan.Zero && window.Has("include_request"))
        {
            window.Fail("include_request", "a window with a label delay includes the request; expected no 'include_request', since the request has no label yet");
        }

        var parts = new WindowParts(
            features,
            precision,
            delay,
            ReadIncludeRequest(window, features, items.Count),
            window.Has("include_request"),
            (int)window.Integer("max_events", 4096, 1, 65_536),
            window.Duration("history", isPositive: false, isRequired: false) ?? TimeSpan.FromDays(1));
        return features.Count == 0 ? null : parts;
    }

    private static WindowPrecision ReadPrecision(YamlObject window)
    {
        const string Expected = "exact or hop";
        var precision = window.Text("precision", Expected, isRequired: false);
        if (precision is not (null or "exact" or "hop"))
        {
            window.Fail("precision", $"'precision' of a window is '{YamlScalar.Shorten(precision)}'; expected {Expected}");
        }

        return precision == "hop" ? WindowPrecision.Hop : WindowPrecision.Exact;
    }

    /// <summary>A column has one type, whichever of its aggregates declares it.</summary>
    private static Dictionary<string, FeatureType> CollectTypes(IReadOnlyList<YamlNode> items)
    {
        var types = new Dictionary<string, FeatureType>(StringComparer.Ordinal);
        foreach (var item in items.OfType<YamlMap>())
        {
            if (TextOf(item, "of") is { } column && TextOf(item, "type") is { } name
                && Array.FindIndex(ColumnTypes, type => type.Name == name) is >= 0 and var index)
            {
                types.TryAdd(column, ColumnTypes[index].Type);
            }
        }

        return types;
    }

    private static string? TextOf(YamlMap map, string property) =>
        (map.Entries.FirstOrDefault(entry => entry.Key.Value == property).Value as YamlScalar)?.Value;

    private WindowFeature? ReadFeature(
        YamlNode item, WindowPrecision precision, Dictionary<string, FeatureType> columnTypes, Func<YamlObject, string?> readName)
    {
        if (YamlObject.Of(
            item, "a feature of a windowed view", errors,
            "name", "aggregate", "of", "type", "k", "p", "window", "hop", "default", "required", "bounds", "description", "owner", "tags") is not { } feature)
        {
            return null;
        }

        var details = feature.Details();
        var name = readName(feature);
        var expected = $"one of: {AggregateNames.All}";
        var aggregate = feature.Text("aggregate", expected, isRequired: true);
        var found = aggregate is null ? null : AggregateNames.Find(aggregate);
        if (aggregate is not null && found is null)
        {
            feature.Fail("aggregate", $"'aggregate' of a feature is '{YamlScalar.Shorten(aggregate)}'; expected {expected}");
        }

        var function = found ?? AggregateFunction.Count;
        var column = feature.ColumnName("of", isRequired: aggregate is not null && function != AggregateFunction.Count);
        var columnType = column is null ? FeatureType.Float64 : columnTypes.GetValueOrDefault(column, FeatureType.Float64);
        CheckType(feature, column, columnType);
        var length = ReadLength(feature, aggregate, function);
        var rank = ReadRank(feature, aggregate, function);
        var window = feature.Duration("window", isPositive: true, isRequired: true);
        var hop = ReadHop(feature, precision);
        var type = WindowFeature.ResultTypeOf(function, columnType);
        var isRequired = feature.Bool("required", absent: false);
        if (type is FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList && feature.Has("default"))
        {
            feature.Fail("default", $"a list has a 'default'; expected none: {aggregate} of nothing is an empty list");
            return null;
        }

        var fallback = feature.Default(type);
        if (name is null || found is null || window is null)
        {
            return null;
        }

        var field = new FeatureField(name, type, fallback, isRequired) { Bounds = BoundsReader.Read(feature, type, errors), Details = details };
        var result = new WindowFeature(field, function, column, window.Value)
        {
            ColumnType = columnType,
            Length = length,
            Rank = rank,
            Hop = hop,
        };
        if (result.NeedsNumbers && columnType == FeatureType.String)
        {
            feature.Fail("aggregate", $"{aggregate} of column '{column}', which holds strings; expected a column of numbers, or one of: count, first, last, count_distinct, approx_count_distinct, first_k, last_k, top_k");
        }

        return result;
    }

    private static void CheckType(YamlObject feature, string? column, FeatureType columnType)
    {
        const string Expected = "float64, int64 or string: what the column holds";
        if (feature.Text("type", Expected, isRequired: false) is not { } text)
        {
            return;
        }

        if (Array.FindIndex(ColumnTypes, type => type.Name == text) < 0)
        {
            feature.Fail("type", $"'type' of a feature is '{YamlScalar.Shorten(text)}'; expected {Expected}");
        }
        else if (column is null)
        {
            feature.Fail("type", "a count of rows has a 'type'; expected 'of' beside it, or neither");
        }
        else if (text != FeatureTypeNames.Of(columnType))
        {
            feature.Fail("type", $"column '{column}' is {text} here and {FeatureTypeNames.Of(columnType)} above; expected one type for a column");
        }
    }

    private static int ReadLength(YamlObject feature, string? aggregate, AggregateFunction function)
    {
        if (function is AggregateFunction.FirstK or AggregateFunction.LastK or AggregateFunction.TopK)
        {
            return feature.Require("k", $"an integer from 1 to {WindowFeature.ListLengthMax}") is null
                ? 1
                : (int)feature.Integer("k", 1, 1, WindowFeature.ListLengthMax);
        }

        if (feature.Has("k"))
        {
            feature.Fail("k", $"{aggregate ?? "the aggregate"} has a 'k'; expected it only with first_k, last_k and top_k");
        }

        return 0;
    }

    private static double ReadRank(YamlObject feature, string? aggregate, AggregateFunction function)
    {
        const string Expected = "a number from 0 to 1: 0.5 is the median";
        if (function != AggregateFunction.Percentile)
        {
            if (feature.Has("p"))
            {
                feature.Fail("p", $"{aggregate ?? "the aggregate"} has a 'p'; expected it only with percentile");
            }

            return 0;
        }

        if (feature.Require("p", Expected) is not { } node)
        {
            return 0;
        }

        if (node is YamlScalar scalar && YamlValue.TryRead(scalar, FeatureType.Float64, out var value) && value.AsFloat64() is >= 0 and <= 1 and var rank)
        {
            return rank;
        }

        feature.Fail("p", $"'p' of a percentile is {node.Kind}; expected {Expected}");
        return 0;
    }

    private static TimeSpan ReadHop(YamlObject feature, WindowPrecision precision)
    {
        if (feature.Duration("hop", isPositive: true, isRequired: false) is not { } hop)
        {
            return TimeSpan.Zero;
        }

        if (precision != WindowPrecision.Hop)
        {
            feature.Fail("hop", "a feature has a 'hop'; expected 'precision: hop' in the view's window, or no hop");
        }
        else if (!HopLadder.Sizes.Contains(hop))
        {
            feature.Fail("hop", $"'hop' of a feature is {DefinitionNames.FormatDuration(hop)}, none of the tile sizes; expected one of: {string.Join(", ", HopLadder.Sizes.Select(DefinitionNames.FormatDuration))}");
        }

        return hop;
    }

    private Dictionary<string, string> ReadIncludeRequest(YamlObject window, List<WindowFeature> features, int featureNodes)
    {
        var include = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (column, value) in window.Texts("include_request", "a mapping of source columns to names of request values"))
        {
            if (features.Count == featureNodes && !features.Exists(feature => feature.Column == column.Value))
            {
                errors.Add(column, $"no aggregate of the view reads the column '{YamlScalar.Shorten(column.Value)}'; expected "
                    + DefinitionCatalog.OneOf(features.Select(static feature => feature.Column).OfType<string>().Distinct()));
            }

            include[column.Value] = value.Value;
        }

        return include;
    }
}

/// <summary>What a definition says of the windows of a view.</summary>
internal sealed record WindowParts(
    IReadOnlyList<WindowFeature> Features,
    WindowPrecision Precision,
    TimeSpan LabelDelay,
    IReadOnlyDictionary<string, string> IncludeRequest,
    bool IncludesRequest,
    int EventsMax,
    TimeSpan History);

namespace ZeroWorld.ML.Features;

/// <summary>Reads one entry of <c>feature_views</c>.</summary>
internal sealed class ViewReader(string project, DefinitionCatalog catalog, DefinitionErrors errors)
{
    private const int FeaturesMax = 1000;

    private YamlObject? _source;

    public FeatureView? Read(YamlNode node)
    {
        var before = errors.Count;
        if (YamlObject.Of(
            node, "a feature view", errors, "name", "entity", "source", "ttl", "window", "features", "description", "owner", "tags") is not { } view)
        {
            return null;
        }

        var name = view.Name("name");
        var entityName = view.Name("entity");
        if (entityName is not null && !catalog.Entities.ContainsKey(entityName))
        {
            view.Fail("entity", $"there is no entity '{entityName}'; expected {DefinitionCatalog.OneOf(catalog.Entities.Keys)}");
        }

        var entity = entityName is null ? null : catalog.Entities.GetValueOrDefault(entityName)?.Value;
        var source = ReadSource(view, entity);
        var details = view.Details();
        var items = view.List("features", "a list of one or more features", isRequired: true);
        if (items.Count > FeaturesMax)
        {
            view.Fail("features", $"the view has {items.Count} features; expected at most {FeaturesMax}");
            return null;
        }

        FeatureView? result;
        if (view.Has("window"))
        {
            if (view.Has("ttl"))
            {
                view.Fail("ttl", "a windowed view has no 'ttl'; expected 'window' or 'ttl', not both");
            }

            result = ReadWindowed(view, items, name, entity, source, details);
        }
        else
        {
            result = ReadLastValue(view, items, name, entity, source, details);
        }

        if (result is not null)
        {
            result = new FilterReader(errors).Read(_source!, result, errors.Count == before);
            CheckStream(view, result);
        }

        return errors.Count == before ? result : null;
    }

    private LastValueView? ReadLastValue(
        YamlObject view, IReadOnlyList<YamlNode> items, string? name, Entity? entity, ViewSource? source, DefinitionDetails details)
    {
        var timeToLive = view.Duration("ttl", isPositive: true, isRequired: false);
        var features = new List<LastValueFeature>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (YamlObject.Of(
                item, "a feature", errors, "name", "type", "column", "default", "required", "bounds", "description", "owner", "tags") is not { } feature)
            {
                continue;
            }

            var featureDetails = feature.Details();
            var featureName = ReadName(feature, names);
            var column = feature.ColumnName("column", isRequired: false) ?? featureName;
            if (feature.Type("type") is not { } type || featureName is null)
            {
                continue;
            }

            var field = new FeatureField(featureName, type, feature.Default(type), feature.Bool("required", absent: false))
            {
                Bounds = BoundsReader.Read(feature, type, errors),
                Details = featureDetails,
            };
            features.Add(new LastValueFeature(field, column!));
        }

        return name is null || entity is null || source is null ? null : new LastValueView
        {
            Project = project,
            Name = name,
            Entity = entity,
            Source = source,
            TimeToLive = timeToLive,
            Features = features,
            Details = details,
        };
    }

    private WindowedView? ReadWindowed(
        YamlObject view, IReadOnlyList<YamlNode> items, string? name, Entity? entity, ViewSource? source, DefinitionDetails details)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var window = new WindowReader(errors).Read(view, items, feature => ReadName(feature, names));
        return name is null || entity is null || source is null || window is null ? null : new WindowedView
        {
            Project = project,
            Name = name,
            Entity = entity,
            Source = source,
            Features = window.Features,
            Precision = window.Precision,
            LabelDelay = window.LabelDelay,
            IncludeRequest = window.IncludeRequest,
            IncludesRequest = window.IncludesRequest,
            EventsMax = window.EventsMax,
            History = window.History,
            Details = details,
        };
    }

    private ViewSource? ReadSource(YamlObject view, Entity? entity)
    {
        const string Properties = "a mapping with table and event_time";
        if (view.Require("source", Properties) is not { } node || YamlObject.Of(
            node, "a source", errors, "table", "event_time", "created_time", "event_id", "keys", "allowed_skew", "push", "where", "columns") is not { } source)
        {
            return null;
        }

        _source = source;

        var table = source.Name("table");
        var eventTime = source.ColumnName("event_time", isRequired: true);
        var createdTime = source.ColumnName("created_time", isRequired: false);
        var eventId = source.ColumnName("event_id", isRequired: false);
        var skew = source.Duration("allowed_skew", isPositive: false, isRequired: false) ?? TimeSpan.FromMinutes(5);
        var isPushOnly = source.Bool("push", absent: false);
        var columns = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, column) in source.Texts("keys", "a mapping of join keys to source columns"))
        {
            if (entity is not null && !entity.Keys.Any(known => known.Name == key.Value))
            {
                errors.Add(key, $"entity '{entity.Name}' has no key '{YamlScalar.Shorten(key.Value)}'; expected "
                    + DefinitionCatalog.OneOf(entity.Keys.Select(static known => known.Name)));
            }

            if (!DefinitionNames.IsColumn(column.Value))
            {
                errors.Add(column, $"the source column of key '{YamlScalar.Shorten(key.Value)}' is '{YamlScalar.Shorten(column.Value)}'; expected {DefinitionNames.ExpectedColumn}");
            }

            columns[key.Value] = column.Value;
        }

        if (table is null || eventTime is null || entity is null)
        {
            return null;
        }

        var stream = catalog.Streams.GetValueOrDefault(table)?.Value;
        if (stream is not null && isPushOnly)
        {
            source.Fail("push", $"'push' is true, but table '{table}' is a stream; expected one of the two: pushes of the same columns are taken beside a stream");
        }

        // What every event of a stream has: where a view declares nothing else, a repeat of the event has the same time and the same id.
        return new ViewSource
        {
            Table = table,
            EventTimeColumn = eventTime,
            CreatedTimeColumn = createdTime ?? (stream is null ? null : EventStream.ArrivalColumn),
            EventIdColumn = eventId ?? (stream is null ? null : EventStream.PositionColumn),
            KeyColumns = [.. entity.Keys.Select(key => columns.GetValueOrDefault(key.Name, key.Name))],
            AllowedSkew = skew,
            IsPushOnly = isPushOnly,
            Stream = stream,
        };
    }

    /// <summary>A view of a stream reads columns that the stream has, of types that it can take.</summary>
    private static void CheckStream(YamlObject view, FeatureView result)
    {
        if (result.Source is not { Stream: { } stream } source)
        {
            return;
        }

        foreach (var (column, accepted) in StreamColumns.NeededBy(result))
        {
            if (StreamColumns.TypeOf(stream, column) is not { } type)
            {
                view.Fail("source", $"stream '{stream.Name}' has no column '{column}', which the view reads; expected {DefinitionCatalog.OneOf(stream.Columns.Select(static known => known.Name))}");
            }
            else if (!accepted.Contains(type))
            {
                view.Fail(
                    "source",
                    $"column '{column}' of stream '{stream.Name}' is {FeatureTypeNames.Of(type)}; the view expects {string.Join(" or ", accepted.Select(FeatureTypeNames.Of))}");
            }
        }
    }

    private static string? ReadName(YamlObject feature, HashSet<string> names)
    {
        var name = feature.Name("name");
        if (name is not null && !names.Add(name))
        {
            feature.Fail("name", $"feature '{name}' is defined twice in this view; expected each name once");
        }

        return name;
    }
}

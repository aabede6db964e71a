namespace ZeroWorld.ML.Features;

/// <summary>Reads one entry of <c>feature_services</c>.</summary>
internal sealed class ServiceReader(string project, DefinitionCatalog catalog, DefinitionErrors errors)
{
    private const int ColumnsMax = 4096;
    private const int TransformsMax = 256;

    // Whether a column is missing because its own definition is wrong: then transforms cannot be judged.
    private bool _isIncomplete;
    private AliasSet _aliases = AliasSet.None;

    public FeatureService? Read(YamlNode node)
    {
        var before = errors.Count;
        _isIncomplete = false;
        if (YamlObject.Of(
            node, "a feature service", errors, "name", "aliases", "request", "transforms", "features", "description", "owner", "tags") is not { } service)
        {
            return null;
        }

        var name = service.Name("name");
        var details = service.Details();
        var names = new HashSet<string>(StringComparer.Ordinal) { FeatureService.TimeValue };
        _aliases = new AliasReader(catalog, errors).Read(service);
        var request = ReadRequest(service, names);
        var isRequestWhole = errors.Count == before;
        var transforms = ReadTransforms(service, names);
        var beforeColumns = errors.Count;
        var columns = ReadColumns(service, request, [.. transforms.Select(static item => item.Transform)], names);
        var areColumnsWhole = errors.Count == beforeColumns && !_isIncomplete;
        if (isRequestWhole)
        {
            CheckIncludedRequest(service, name, request, columns);
        }

        // A name that is missing because its own definition is wrong has been reported there.
        var broken = names.Except(request.Select(static value => value.Name)).Except(transforms.Select(static item => item.Transform.Name)).ToHashSet(StringComparer.Ordinal);
        CompileTransforms(ExpressionScope.Of(request, columns), columns, transforms, missing => !areColumnsWhole || broken.Contains(missing));
        if (errors.Count != before || name is null || _isIncomplete)
        {
            return null;
        }

        var result = new FeatureService
        {
            Project = project,
            Name = name,
            RequestValues = request,
            Transforms = [.. transforms.Select(static item => item.Transform)],
            Columns = columns,
            Details = details,
            Fingerprint = "",
        };
        return result with { Fingerprint = DefinitionFingerprint.Of(result) };
    }

    private List<RequestValue> ReadRequest(YamlObject service, HashSet<string> names)
    {
        var values = new List<RequestValue>();
        foreach (var item in service.List("request", "a list of request values, each with name and type", isRequired: false))
        {
            if (YamlObject.Of(item, "a request value", errors, "name", "type", "default", "description", "owner", "tags") is not { } value)
            {
                continue;
            }

            var details = value.Details();
            var name = ReadName(value, names, "request value");
            if (value.Type("type") is { } type && name is not null)
            {
                values.Add(new RequestValue(name, type, value.Default(type)) { Details = details });
            }
        }

        return values;
    }

    private List<(Transform Transform, YamlScalar? Text)> ReadTransforms(YamlObject service, HashSet<string> names)
    {
        var transforms = new List<(Transform, YamlScalar?)>();
        var items = service.List("transforms", "a list of transforms, each with name, type and expression", isRequired: false);
        if (items.Count > TransformsMax)
        {
            service.Fail("transforms", $"the service has {items.Count} transforms; expected at most {TransformsMax}");
            return transforms;
        }

        foreach (var item in items)
        {
            if (YamlObject.Of(item, "a transform", errors, "name", "type", "expression", "description", "owner", "tags") is not { } transform)
            {
                continue;
            }

            var details = transform.Details();
            var name = ReadName(transform, names, "transform");
            var expression = transform.Text("expression", "an expression, in quotes where YAML needs them", isRequired: true);
            if (transform.Type("type") is not { } type || name is null || expression is null)
            {
                continue;
            }

            if (type == FeatureType.Bytes)
            {
                transform.Fail("type", $"'type' of a transform is bytes; expected one of: {FeatureTypeNames.All.Replace("bytes, ", "", StringComparison.Ordinal)}");
                continue;
            }

            transforms.Add((new Transform(name, type, expression) { Details = details }, transform.Find("expression") as YamlScalar));
        }

        return transforms;
    }

    private List<ServiceColumn> ReadColumns(
        YamlObject service, List<RequestValue> request, List<Transform> transforms, HashSet<string> names)
    {
        const string Expected = "a request value, a transform, VIEW.FEATURE, VIEW.*, ALIAS.VIEW.FEATURE or ALIAS.VIEW.*";
        var columns = new List<ServiceColumn>();
        var shown = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in service.List("features", $"a list of one or more columns, each {Expected}", isRequired: true))
        {
            if (item is not YamlScalar { ScalarKind: YamlScalarKind.Text, Value: var text })
            {
                errors.Add(item, $"a column is {item.Kind}; expected {Expected}");
                continue;
            }

            foreach (var column in Resolve(item, text, request, transforms, names, service))
            {
                if (column.View is not null && names.Contains(column.Name))
                {
                    errors.Add(item, $"feature '{column.Name}' of view '{column.View.Name}' has the name of a request value or transform; expected another name for one of them");
                }
                else if (!shown.Add(column.Name))
                {
                    errors.Add(item, $"column '{column.Name}' is there twice; expected each name once");
                }
                else
                {
                    columns.Add(column);
                }
            }
        }

        if (columns.Count > ColumnsMax)
        {
            service.Fail("features", $"the service has {columns.Count} columns; expected at most {ColumnsMax}");
        }

        return columns;
    }

    private IEnumerable<ServiceColumn> Resolve(
        YamlNode item, string text, List<RequestValue> request, List<Transform> transforms, HashSet<string> names, YamlObject service)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
        {
            var value = request.FindIndex(value => value.Name == text);
            var transform = transforms.FindIndex(transform => transform.Name == text);
            if (value >= 0)
            {
                return [new ServiceColumn { Name = text, Type = request[value].Type, RequestValue = value }];
            }

            if (transform >= 0)
            {
                return [new ServiceColumn { Name = text, Type = transforms[transform].Type, Transform = transform }];
            }

            // A name whose own definition is wrong has been reported there.
            if (text == FeatureService.TimeValue)
            {
                errors.Add(item, $"'{text}' is no column, it is the moment of the read; expected a transform that makes one of it, such as {{ name: at, type: timestamp, expression: {text} }}");
            }
            else if (!names.Contains(text))
            {
                errors.Add(item, $"there is no request value or transform '{YamlScalar.Shorten(text)}'; expected "
                    + $"{DefinitionCatalog.OneOf(names.Where(static known => known != FeatureService.TimeValue))}, or a feature as VIEW.FEATURE or VIEW.*");
            }

            return [];
        }

        var alias = (string?)null;
        if (text.IndexOf('.', dot + 1) is > 0 and var second)
        {
            (alias, text) = (text[..dot], text[(dot + 1)..]);
            dot = second - dot - 1;
            if (!_aliases.Contains(alias))
            {
                errors.Add(item, $"there is no alias '{YamlScalar.Shorten(alias)}' in this service; expected {DefinitionCatalog.OneOf(_aliases.Names)}");
                return [];
            }
        }

        if (!catalog.Views.TryGetValue(text[..dot], out var entry))
        {
            errors.Add(item, $"there is no feature view '{YamlScalar.Shorten(text[..dot])}'; expected {DefinitionCatalog.OneOf(catalog.Views.Keys)}");
            return [];
        }

        if (entry.Value is not { } view)
        {
            _isIncomplete = true;
            return [];
        }

        if (alias is not null)
        {
            if (_aliases.Find(alias, view, item, errors) is not { } aliased)
            {
                _isIncomplete = true;
                return [];
            }

            view = aliased;
        }

        var fields = view.Fields;
        if (text[(dot + 1)..] == "*")
        {
            return fields.Select((field, index) => ColumnOf(view, field, index));
        }

        for (var index = 0; index < fields.Count; index++)
        {
            if (fields[index].Name == text[(dot + 1)..])
            {
                return [ColumnOf(view, fields[index], index)];
            }
        }

        errors.Add(item, $"feature view '{view.Name}' has no feature '{YamlScalar.Shorten(text[(dot + 1)..])}'; expected "
            + $"{DefinitionCatalog.OneOf(fields.Select(static field => field.Name))}, or *");
        return [];
    }

    private static ServiceColumn ColumnOf(FeatureView view, FeatureField field, int index) =>
        new() { Name = view.Entity.Alias is { } alias ? $"{alias}_{field.Name}" : field.Name, Type = field.Type, View = view, Field = index };

    // The request is an event of these views: what they read of it must be among the service's request values, as a number.
    private void CheckIncludedRequest(YamlObject service, string? name, List<RequestValue> request, List<ServiceColumn> columns)
    {
        foreach (var view in columns.Select(static column => column.View).OfType<WindowedView>().Distinct())
        {
            foreach (var (column, value) in view.IncludeRequest)
            {
                var found = request.Find(known => known.Name == value);
                var node = FindIncluded(view, column) ?? service.Node;
                if (found is null)
                {
                    errors.Add(node, $"include_request of view '{view.Name}' names '{YamlScalar.Shorten(value)}', which is no request value of feature service "
                        + $"'{name}' that uses the view; expected {DefinitionCatalog.OneOf(request.Select(static known => known.Name))}");
                }
                else if (TypesOf(view, column) is var types && !types.Contains(found.Type))
                {
                    errors.Add(node, $"include_request of view '{view.Name}' names '{value}', which is {FeatureTypeNames.Of(found.Type)} in feature service "
                        + $"'{name}'; expected {string.Join(" or ", types.Select(FeatureTypeNames.Of))}, since the column holds that");
                }
            }
        }
    }

    private static FeatureType[] TypesOf(WindowedView view, string column) => view.StoredColumns.FirstOrDefault(stored => stored.Name == column)?.Type switch
    {
        FeatureType.Int64 => [FeatureType.Int64, FeatureType.Bool],
        FeatureType.String => [FeatureType.String],
        _ => [FeatureType.Bool, FeatureType.Int64, FeatureType.Float32, FeatureType.Float64],
    };

    private YamlNode? FindIncluded(FeatureView view, string column) =>
        catalog.Views[view.Name].Node is YamlMap map
        && map.Entries.FirstOrDefault(static entry => entry.Key.Value == "window").Value is YamlMap window
        && window.Entries.FirstOrDefault(static entry => entry.Key.Value == "include_request").Value is YamlMap include
            ? include.Entries.FirstOrDefault(entry => entry.Key.Value == column).Value
            : null;

    private void CompileTransforms(
        ExpressionScope scope, List<ServiceColumn> columns, List<(Transform Transform, YamlScalar? Text)> transforms, Func<string, bool> isReported)
    {
        for (var index = 0; index < transforms.Count; index++)
        {
            var (transform, text) = transforms[index];
            try
            {
                TransformProgram.Compile(transform, scope);
            }
            catch (ExpressionException exception) when (exception.UnknownName is { } name && isReported(name))
            {
                // Whether the rest of it is right is known when there is such a name.
            }
            catch (ExpressionException exception)
            {
                var column = text!.TextColumn > 0 ? text.TextColumn + exception.Position : text.Column;
                errors.Add(text.File, text.Line, column, $"transform '{transform.Name}', column {exception.Position + 1} of its expression: {exception.Message}");
            }
            scope.AddTransform(transform, index, TransformProgram.FindColumn(columns, index));
        }
    }

    private static string? ReadName(YamlObject item, HashSet<string> names, string kind)
    {
        var name = item.Name("name");
        if (name == FeatureService.TimeValue)
        {
            item.Fail("name", $"a {kind} is named 'time'; expected another name: 'time' is always there, the moment of the read");
        }
        else if (name is not null && !names.Add(name))
        {
            item.Fail("name", $"'{name}' is defined twice among the request values and transforms of this service; expected each name once");
        }
        else
        {
            return name;
        }

        return null;
    }
}

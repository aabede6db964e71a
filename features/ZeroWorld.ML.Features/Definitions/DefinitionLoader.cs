namespace ZeroWorld.ML.Features;

/// <summary>Reads YAML definitions (docs/formats/definitions.md) into a valid <see cref="DefinitionSet"/>, or says everything that is wrong with them.</summary>
/// <remarks>Stateless and thread safe. Files may be hostile: sizes and depths are bounded, anchors, aliases and tags are refused.</remarks>
public static class DefinitionLoader
{
    private const int FilesMax = 1000;

    /// <summary>Reads <c>*.yaml</c> and <c>*.yml</c> of a folder (not of folders in it), or one file.</summary>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.NotFound"/>: no such folder or file, or no definitions in it. <see cref="FeatureError.InvalidDefinition"/>: as <see cref="Load"/>.
    /// </exception>
    public static DefinitionSet LoadFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        List<string> paths = File.Exists(path)
            ? [path]
            : Directory.Exists(path)
                ? [.. Directory.EnumerateFiles(path).Where(static file => Path.GetExtension(file) is ".yaml" or ".yml").Order(StringComparer.Ordinal)]
                : throw new FeatureException(FeatureError.NotFound, $"There is no '{path}'; expected a folder with definitions (*.yaml, *.yml) or one such file.");
        if (paths.Count is 0 or > FilesMax)
        {
            throw new FeatureException(FeatureError.NotFound, $"'{path}' has {paths.Count} files *.yaml and *.yml; expected 1 to {FilesMax}.");
        }

        return Load([.. paths.Select(static file => new DefinitionFile(file, ReadText(file)))]);
    }

    /// <summary>Reads files that together define one project.</summary>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.InvalidDefinition"/>: the message has one line per error, <c>FILE:LINE:COLUMN: what is wrong; expected ...</c>.
    /// </exception>
    public static DefinitionSet Load(IReadOnlyList<DefinitionFile> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var errors = new DefinitionErrors();
        var roots = new List<YamlObject>();
        foreach (var file in files.OrderBy(static file => file.Path, StringComparer.Ordinal))
        {
            if (YamlTreeReader.Read(file, errors) is { } node
                && YamlObject.Of(node, "a definition file", errors, "version", "project", "entities", "streams", "feature_views", "feature_services") is { } root)
            {
                if (root.Require("version", "version: 1") is not null)
                {
                    root.Integer("version", 1, 1, 1);
                }

                roots.Add(root);
            }
        }

        var set = Read(roots, files, errors);
        errors.ThrowIfAny();
        return set;
    }

    private static DefinitionSet Read(List<YamlObject> roots, IReadOnlyList<DefinitionFile> files, DefinitionErrors errors)
    {
        var project = ReadProject(roots);
        var catalog = new DefinitionCatalog();
        foreach (var node in Items(roots, "entities"))
        {
            DefinitionCatalog.Add(catalog.Entities, "entity", node, EntityReader.Read(node, errors), errors);
        }

        CheckKeys(catalog, errors);
        var streams = new StreamDefinitionReader(project, errors);
        foreach (var node in Items(roots, "streams"))
        {
            DefinitionCatalog.Add(catalog.Streams, "stream", node, streams.Read(node), errors);
        }

        var views = new ViewReader(project, catalog, errors);
        foreach (var node in Items(roots, "feature_views"))
        {
            DefinitionCatalog.Add(catalog.Views, "feature view", node, views.Read(node), errors);
        }

        CheckStorage(catalog, errors);
        var services = new ServiceReader(project, catalog, errors);
        foreach (var node in Items(roots, "feature_services"))
        {
            DefinitionCatalog.Add(catalog.Services, "feature service", node, services.Read(node), errors);
        }

        return new DefinitionSet
        {
            Project = project,
            Entities = Sorted(catalog.Entities),
            Streams = Sorted(catalog.Streams),
            Views = Sorted(catalog.Views),
            Services = Sorted(catalog.Services),
            Files = [.. files.OrderBy(static file => file.Path, StringComparer.Ordinal)],
        };
    }

    private static string ReadProject(List<YamlObject> roots)
    {
        string? project = null;
        foreach (var root in roots)
        {
            if (root.Name("project", isRequired: false) is not { } name)
            {
                continue;
            }

            project ??= name;
            if (name != project)
            {
                root.Fail("project", $"'project' is '{name}', but '{project}' in a file before; expected files of one project");
            }
        }

        return project ?? "default";
    }

    private static IEnumerable<YamlNode> Items(List<YamlObject> roots, string section) =>
        [.. roots.SelectMany(root => root.List(section, "a list of definitions", isRequired: false))];

    private static IReadOnlyList<T> Sorted<T>(Dictionary<string, DefinitionCatalog.Entry<T>> entries)
        where T : class => [.. entries.OrderBy(static entry => entry.Key, StringComparer.Ordinal).Select(static entry => entry.Value.Value).OfType<T>()];

    // Requests give keys by name: one name means one type in the whole project.
    private static void CheckKeys(DefinitionCatalog catalog, DefinitionErrors errors)
    {
        var types = new Dictionary<string, (FeatureType Type, string Entity)>(StringComparer.Ordinal);
        foreach (var (node, entity) in catalog.Entities.OrderBy(static item => item.Key, StringComparer.Ordinal).Select(static item => item.Value))
        {
            foreach (var key in entity?.Keys ?? [])
            {
                if (!types.TryAdd(key.Name, (key.Type, entity!.Name)) && types[key.Name] is var (type, first) && type != key.Type)
                {
                    errors.Add(node, $"key '{key.Name}' of entity '{entity.Name}' is {FeatureTypeNames.Of(key.Type)}, but {FeatureTypeNames.Of(type)} "
                        + $"in entity '{first}'; expected one type for one name");
                }
            }
        }
    }

    // Whether an event id is an int64 is known only with the table: neither way may two views share a field.
    private static void CheckStorage(DefinitionCatalog catalog, DefinitionErrors errors)
    {
        var taken = new Dictionary<(string Entity, bool IsWindow, string Field), string>();
        foreach (var (node, view) in catalog.Views.OrderBy(static item => item.Key, StringComparer.Ordinal).Select(static item => item.Value))
        {
            if (view is null)
            {
                continue;
            }

            foreach (var field in (string[])[StorageField.Of(view, hasIntegerEventId: false).Name, StorageField.Of(view, hasIntegerEventId: true).Name])
            {
                var isFree = taken.TryAdd((view.Entity.Name, view is WindowedView, field), view.Name);
                if (!isFree && taken[(view.Entity.Name, view is WindowedView, field)] is var other && other != view.Name)
                {
                    errors.Add(node, $"feature view '{view.Name}' would be stored in the field '{field}' of view '{other}'; expected another name for one of them");
                }
            }
        }
    }

    private static string ReadText(string path)
    {
        var length = new FileInfo(path).Length;
        return length <= YamlTreeReader.TextLengthMax
            ? File.ReadAllText(path)
            : throw new FeatureException(
                FeatureError.InvalidDefinition, $"{path}:1:1: the file has {length} bytes; expected at most {YamlTreeReader.TextLengthMax}.");
    }
}

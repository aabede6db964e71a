namespace ZeroWorld.ML.Features;

/// <summary>Reads the <c>aliases</c> of a feature service: an entity under another name, with keys of other names.</summary>
internal sealed class AliasReader(DefinitionCatalog catalog, DefinitionErrors errors)
{
    public AliasSet Read(YamlObject service)
    {
        var aliases = new AliasSet();
        foreach (var item in service.List("aliases", "a list of aliases, each with name and entity", isRequired: false))
        {
            if (YamlObject.Of(item, "an alias", errors, "name", "entity", "keys", "description") is not { } alias)
            {
                continue;
            }

            _ = alias.Text("description", "a text", isRequired: false);
            var (name, entityName) = (alias.Name("name"), alias.Name("entity"));
            if (name is null || entityName is null)
            {
                continue;
            }

            if (aliases.Contains(name) || catalog.Views.ContainsKey(name))
            {
                alias.Fail("name", $"'{name}' is an alias or a feature view already; expected another name");
            }
            else if (!catalog.Entities.TryGetValue(entityName, out var entry))
            {
                alias.Fail("entity", $"there is no entity '{entityName}'; expected {DefinitionCatalog.OneOf(catalog.Entities.Keys)}");
            }
            else
            {
                aliases.Add(name, entry.Value is { } entity ? Rename(alias, name, entity) : null);
            }
        }

        return aliases;
    }

    private Entity? Rename(YamlObject alias, string name, Entity entity)
    {
        var before = errors.Count;
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in alias.Texts("keys", "a mapping of the entity's keys to the names that requests and spines use"))
        {
            if (entity.Keys.All(known => known.Name != key.Value))
            {
                errors.Add(key, $"entity '{entity.Name}' has no key '{YamlScalar.Shorten(key.Value)}'; expected {DefinitionCatalog.OneOf(entity.Keys.Select(static known => known.Name))}");
            }
            else if (!DefinitionNames.IsName(value.Value) || value.Value == FeatureService.TimeValue)
            {
                errors.Add(value, $"'{YamlScalar.Shorten(value.Value)}' is no name for a key; expected a lower-case letter, then lower-case letters, digits and '_', and not 'time'");
            }
            else
            {
                names[key.Value] = value.Value;
            }
        }

        EntityKey[] keys = [.. entity.Keys.Select(key => key with { Name = names.GetValueOrDefault(key.Name, $"{name}_{key.Name}") })];
        foreach (var key in keys)
        {
            var other = catalog.Entities.Values.Select(static entry => entry.Value).OfType<Entity>().SelectMany(static known => known.Keys)
                .FirstOrDefault(known => known.Name == key.Name && known.Type != key.Type);
            if (other is not null)
            {
                alias.Fail("keys", $"key '{key.Name}' of alias '{name}' is {FeatureTypeNames.Of(key.Type)}, but {FeatureTypeNames.Of(other.Type)} elsewhere; expected one type for one name");
            }
        }

        return errors.Count == before ? entity with { Alias = name, Keys = keys } : null;
    }
}

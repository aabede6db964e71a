namespace ZeroWorld.ML.Features;

/// <summary>The aliases of one service, and the views seen through them.</summary>
internal sealed class AliasSet
{
    private readonly Dictionary<string, Entity?> _entities = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Alias, string View), FeatureView> _views = [];

    public static AliasSet None { get; } = new();

    public IEnumerable<string> Names => _entities.Keys;

    public bool Contains(string name) => _entities.ContainsKey(name);

    /// <param name="entity"><see langword="null"/> when its definition is wrong.</param>
    public void Add(string name, Entity? entity) => _entities.Add(name, entity);

    /// <returns>The view with the keys of the alias, the same instance each time; <see langword="null"/> when there can be none.</returns>
    public FeatureView? Find(string alias, FeatureView view, YamlNode node, DefinitionErrors errors)
    {
        if (_entities[alias] is not { } entity)
        {
            return null;
        }

        if (entity.Name != view.Entity.Name)
        {
            errors.Add(node, $"alias '{alias}' is of entity '{entity.Name}', but feature view '{view.Name}' is of entity '{view.Entity.Name}'; expected a view of '{entity.Name}'");
            return null;
        }

        if (!_views.TryGetValue((alias, view.Name), out var aliased))
        {
            aliased = view with { Entity = entity };
            _views.Add((alias, view.Name), aliased);
        }

        return aliased;
    }
}

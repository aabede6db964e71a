namespace ZeroWorld.ML.Features;

/// <summary>What has been read so far, by name; a definition that is there but wrong holds no value, so that its users are not blamed too.</summary>
internal sealed class DefinitionCatalog
{
    public Dictionary<string, Entry<Entity>> Entities { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, Entry<EventStream>> Streams { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, Entry<FeatureView>> Views { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, Entry<FeatureService>> Services { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds a definition under the name that its text gives; reports a name that is taken.</summary>
    public static void Add<T>(Dictionary<string, Entry<T>> entries, string kind, YamlNode node, T? value, DefinitionErrors errors)
        where T : class
    {
        if (FindName(node) is not { } name)
        {
            return;
        }

        if (!entries.TryAdd(name.Value, new Entry<T>(node, value)))
        {
            var first = entries[name.Value].Node;
            errors.Add(name, $"{kind} '{YamlScalar.Shorten(name.Value)}' is defined twice, first at {first.File}:{first.Line}:{first.Column}; expected each name once");
        }
    }

    /// <summary>The names there are, for messages.</summary>
    public static string OneOf(IEnumerable<string> names)
    {
        var sorted = names.Order(StringComparer.Ordinal).ToList();
        return sorted.Count switch
        {
            0 => "none, since there are none",
            <= 20 => $"one of: {string.Join(", ", sorted)}",
            _ => $"one of: {string.Join(", ", sorted.Take(20))} and {sorted.Count - 20} more",
        };
    }

    private static YamlScalar? FindName(YamlNode node) =>
        (node as YamlMap)?.Entries.FirstOrDefault(static entry => entry.Key.Value == "name").Value as YamlScalar;

    /// <param name="Node">Where it is defined.</param>
    /// <param name="Value">The definition; <see langword="null"/> when it is wrong.</param>
    public sealed record Entry<T>(YamlNode Node, T? Value)
        where T : class;
}

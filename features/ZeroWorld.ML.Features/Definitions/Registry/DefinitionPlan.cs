using System.Text.Json.Nodes;

namespace ZeroWorld.ML.Features;

/// <summary>The difference between registered definitions and others of the same project.</summary>
/// <param name="Project">The project.</param>
/// <param name="Changes">Every definition of either side, unchanged ones too; by kind, then by name.</param>
public sealed record DefinitionPlan(string Project, IReadOnlyList<DefinitionChange> Changes)
{
    /// <value>What to know of it, a sentence each: what it leaves behind that is not in use, and which tables do not fit it.</value>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public bool HasChanges => Changes.Any(static change => change.Change != DefinitionChangeKind.Unchanged);

    /// <param name="before">What is registered, or <see langword="null"/>.</param>
    /// <param name="after">What shall be.</param>
    public static DefinitionPlan Between(DefinitionSet? before, DefinitionSet after)
    {
        ArgumentNullException.ThrowIfNull(after);
        return new DefinitionPlan(
            after.Project,
            [
                .. Compare(DefinitionKind.Entity, before?.Entities, after.Entities, static entity => entity.Name, static entity => TextsOf(DefinitionJson.Of(entity)), DefinitionFingerprint.Of, DefinitionFingerprint.CanonicalJson),
                .. Compare(DefinitionKind.Stream, before?.Streams, after.Streams, static stream => stream.Name, static stream => TextsOf(DefinitionJson.Of(stream)), DefinitionFingerprint.Of, DefinitionFingerprint.CanonicalJson),
                .. Compare(DefinitionKind.View, before?.Views, after.Views, static view => view.Name, static view => TextsOf(DefinitionJson.Of(view)), DefinitionFingerprint.Of, DefinitionFingerprint.CanonicalJson),
                .. Compare(
                    DefinitionKind.Service, before?.Services, after.Services, static service => service.Name, static service => TextsOf(DefinitionJson.Of(service)),
                    static service => service.Fingerprint, DefinitionFingerprint.CanonicalJson),
            ]);
    }

    /// <summary>One sentence per model that would no longer find the feature service it was trained with.</summary>
    public IReadOnlyList<string> FindBreaches(IReadOnlyList<PinnedService> pins)
    {
        ArgumentNullException.ThrowIfNull(pins);
        var breaches = new List<string>();
        foreach (var pin in pins)
        {
            if (FindEnd(pin) is { } change)
            {
                var verb = change.Change == DefinitionChangeKind.Removed ? "be removed" : $"change to fingerprint {change.After![..12]}";
                breaches.Add($"Feature service '{pin.Service}' would {verb}{Tell(" by", change.Details)}, but model {pin.Model} pins it with fingerprint {pin.Fingerprint[..12]}"
                    + $"{Tell(", and of its columns these are touched:", change.Columns)}; "
                    + "expected it to stay as it is, and what is new to have another name: a service, and a view where one changes. "
                    + "A version that is out of use pins nothing once it is retired: zwml models retire MODEL VERSION.");
            }
        }

        return breaches;
    }

    /// <summary>One sentence per retired model that would no longer find the feature service it was trained with.</summary>
    /// <param name="retired">What retired versions were trained with: nothing that would have to stay.</param>
    public IReadOnlyList<string> FindLeftBehind(IReadOnlyList<PinnedService> retired)
    {
        ArgumentNullException.ThrowIfNull(retired);
        return
        [
            .. retired.Where(pin => FindEnd(pin) is not null).Select(static pin =>
                $"Feature service '{pin.Service}' with fingerprint {pin.Fingerprint[..12]} was what the retired model {pin.Model} was trained with: "
                + "until it is applied again, that version cannot be restored, nor its predictions replayed."),
        ];
    }

    // The change that would leave nothing of the service as it is pinned.
    private DefinitionChange? FindEnd(PinnedService pin) => Changes.FirstOrDefault(change =>
        change is { Kind: DefinitionKind.Service, Change: DefinitionChangeKind.Changed or DefinitionChangeKind.Removed }
        && change.Name == pin.Service && change.Before == pin.Fingerprint);

    // Of a change in hundreds of columns the first ones tell enough.
    private static string Tell(string introduction, IReadOnlyList<string> items)
    {
        const int ItemsMax = 8;
        return items.Count == 0 ? string.Empty
            : items.Count <= ItemsMax ? $"{introduction} {string.Join(", ", items)}"
            : $"{introduction} {string.Join(", ", items.Take(ItemsMax))} and {items.Count - ItemsMax} more";
    }

    private static IEnumerable<DefinitionChange> Compare<T>(
        DefinitionKind kind, IReadOnlyList<T>? before, IReadOnlyList<T> after, Func<T, string> name, Func<T, string> texts, Func<T, string> fingerprint, Func<T, string> json)
        where T : class
    {
        var old = (before ?? []).ToDictionary(name, StringComparer.Ordinal);
        var planned = after.ToDictionary(name, StringComparer.Ordinal);
        foreach (var item in old.Keys.Union(planned.Keys).Order(StringComparer.Ordinal))
        {
            var (was, willBe) = (old.GetValueOrDefault(item), planned.GetValueOrDefault(item));
            var (left, right) = (was is null ? null : fingerprint(was), willBe is null ? null : fingerprint(willBe));
            var change = left is null ? DefinitionChangeKind.Added
                : right is null ? DefinitionChangeKind.Removed
                : left == right ? DefinitionChangeKind.Unchanged
                : DefinitionChangeKind.Changed;
            var (text, newText) = left == right ? (null, null) : (was is null ? null : json(was), willBe is null ? null : json(willBe));
            yield return new DefinitionChange(kind, item, change, left, right)
            {
                Details = DefinitionDifference.Between(text, newText),
                Texts = was is null || willBe is null ? [] : DefinitionDifference.Between(texts(was), texts(willBe)),
                Columns = kind == DefinitionKind.Service && text is not null ? DefinitionDifference.FindColumns(text, newText) : [],
            };
        }
    }

    // What no fingerprint holds, by its path: what is said for people, and bounds.
    private static string TextsOf(string definition)
    {
        var texts = new JsonObject();
        Collect("", JsonNode.Parse(definition)!.AsObject(), texts);
        return texts.ToJsonString();
    }

    private static void Collect(string path, JsonObject item, JsonObject texts)
    {
        foreach (var (name, value) in item)
        {
            if (name is "description" or "owner")
            {
                texts[path + name] = value!.DeepClone();
            }
            else if (name is "tags" or "bounds")
            {
                foreach (var (part, text) in value!.AsObject())
                {
                    texts[$"{path}{name}.{part}"] = text!.DeepClone();
                }
            }
            else if (value is JsonArray list)
            {
                foreach (var element in list.OfType<JsonObject>())
                {
                    Collect($"{path}{name}[{element["name"]}].", element, texts);
                }
            }
        }
    }
}

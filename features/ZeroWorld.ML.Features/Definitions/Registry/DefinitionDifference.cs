using System.Text.Json;
using System.Text.RegularExpressions;

namespace ZeroWorld.ML.Features;

/// <summary>Tells two canonical definitions apart, line by line: <c>features[amount].type: float64 -> int64</c>.</summary>
internal static partial class DefinitionDifference
{
    private const int LinesMax = 50;

    /// <param name="before">Canonical JSON, or <see langword="null"/> where there was nothing.</param>
    /// <param name="after">Canonical JSON, or <see langword="null"/> where there shall be nothing.</param>
    /// <returns>One line per difference, at most 50 and a line that counts the rest; none where one of the two is missing.</returns>
    public static IReadOnlyList<string> Between(string? before, string? after)
    {
        if (before is null || after is null || before == after)
        {
            return [];
        }

        var lines = new List<string>();
        using (var old = JsonDocument.Parse(before))
        using (var planned = JsonDocument.Parse(after))
        {
            Compare("", old.RootElement, planned.RootElement, lines);
        }

        return lines.Count <= LinesMax ? lines : [.. lines.Take(LinesMax), $"... and {lines.Count - LinesMax} more"];
    }

    /// <summary>The columns of a service whose values a change of it may touch, with what becomes of each.</summary>
    /// <param name="before">Canonical JSON of the service.</param>
    /// <param name="after">Canonical JSON, or <see langword="null"/> where the service goes.</param>
    public static IReadOnlyList<string> FindColumns(string before, string? after)
    {
        using var old = JsonDocument.Parse(before);
        if (after is null)
        {
            return [.. ColumnsOf(old.RootElement).Select(static column => $"'{column.Name}' (would go)")];
        }

        using var planned = JsonDocument.Parse(after);
        var found = new List<string>();
        var kept = ColumnsOf(planned.RootElement).ToDictionary(static column => column.Name, static column => column.Json, StringComparer.Ordinal);
        foreach (var (name, json) in ColumnsOf(old.RootElement))
        {
            if (!kept.TryGetValue(name, out var other))
            {
                found.Add($"'{name}' (would go)");
            }
            else if (json != other || !OriginsOf(old.RootElement, name).SetEquals(OriginsOf(planned.RootElement, name)))
            {
                found.Add($"'{name}' (would change)");
            }
        }

        found.AddRange(kept.Keys.Except(ColumnsOf(old.RootElement).Select(static column => column.Name)).Select(static name => $"'{name}' (would be new)"));
        return found;
    }

    private static List<(string Name, string Json)> ColumnsOf(JsonElement service) =>
        [.. service.GetProperty("columns").EnumerateArray().Select(static column => (column.GetProperty("name").GetString()!, column.GetRawText()))];

    // All that a column's value comes from: of a transform its own inputs too, and theirs.
    private static HashSet<string> OriginsOf(JsonElement service, string column)
    {
        var origins = new HashSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>([column]);
        while (open.TryDequeue(out var name))
        {
            if (seen.Add(name) && OriginOf(service, name) is { } origin)
            {
                origins.Add(origin);
                foreach (var input in InputsOf(service, name))
                {
                    open.Enqueue(input);
                }
            }
        }

        return origins;
    }

    // The request value, the transform, or the view without its other features; null: there is none of that name.
    private static string? OriginOf(JsonElement service, string name)
    {
        if (ViewOf(service, name) is { } found)
        {
            return string.Concat(found.View.EnumerateObject().Select(part => part.Name == "features" ? Named(part.Value, found.Feature) : part.Value.GetRawText()));
        }

        return Named(service.GetProperty("transforms"), name) is { Length: > 0 } transform ? transform
            : Named(service.GetProperty("request"), name) is { Length: > 0 } request ? request
            : null;
    }

    // Names that a transform reads, or request values that are events of the column's window.
    private static IEnumerable<string> InputsOf(JsonElement service, string name)
    {
        if (ViewOf(service, name) is { } found)
        {
            return found.View.TryGetProperty("include_request", out var request) ? request.EnumerateObject().Select(static item => item.Value.GetString()!) : [];
        }

        return service.GetProperty("transforms").EnumerateArray().Where(item => item.GetProperty("name").GetString() == name)
            .SelectMany(static item => NamesOf(item.GetProperty("expression").GetString()!));
    }

    // What is no operator (those are followed by their version) and in no text.
    private static IEnumerable<string> NamesOf(string canonical) => CanonicalToken().Matches(canonical).Select(static match => match.Groups["name"].Value).Where(static name => name.Length > 0);

    [GeneratedRegex("'(?:[^']|'')*'|(?<![A-Za-z0-9_.@])(?<name>[A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_@])", RegexOptions.CultureInvariant)]
    private static partial Regex CanonicalToken();

    private static (JsonElement View, string Feature)? ViewOf(JsonElement service, string name)
    {
        foreach (var column in service.GetProperty("columns").EnumerateArray())
        {
            var from = column.GetProperty("from").GetString()!;
            if (column.GetProperty("name").GetString() == name && from is not ("request" or "transforms"))
            {
                // Of an alias the column is ALIAS_FEATURE, and comes from ALIAS.VIEW.
                var alias = from.IndexOf('.', StringComparison.Ordinal) + 1;
                return (service.GetProperty("views").EnumerateArray().First(view => view.GetProperty("name").GetString() == from[alias..]), name[alias..]);
            }
        }

        return null;
    }

    private static string Named(JsonElement list, string name) =>
        string.Concat(list.EnumerateArray().Where(item => item.GetProperty("name").GetString() == name).Select(static item => item.GetRawText()));

    private static void Compare(string path, JsonElement before, JsonElement after, List<string> lines)
    {
        if (before.ValueKind == JsonValueKind.Object && after.ValueKind == JsonValueKind.Object)
        {
            var names = before.EnumerateObject().Select(static item => item.Name).Union(after.EnumerateObject().Select(static item => item.Name));
            foreach (var name in names)
            {
                Compare(path.Length == 0 ? name : $"{path}.{name}", Find(before, name), Find(after, name), lines);
            }
        }
        else if (TryByName(before, out var old) && TryByName(after, out var planned))
        {
            foreach (var name in old.Keys.Union(planned.Keys))
            {
                Compare($"{path}[{name}]", old.GetValueOrDefault(name), planned.GetValueOrDefault(name), lines);
            }

            if (old.Count == planned.Count && !old.Keys.SequenceEqual(planned.Keys) && old.Keys.ToHashSet().SetEquals(planned.Keys))
            {
                lines.Add($"{path}: another order");
            }
        }
        else if (Text(before) != Text(after))
        {
            lines.Add($"{path}: {Text(path, before)} -> {Text(path, after)}");
        }
    }

    private static JsonElement Find(JsonElement item, string name) => item.TryGetProperty(name, out var value) ? value : default;

    private static bool TryByName(JsonElement list, out Dictionary<string, JsonElement> items)
    {
        items = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (list.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("name", out var name) || !items.TryAdd(name.GetString()!, item))
            {
                return false;
            }
        }

        return true;
    }

    // Canonical durations are microseconds, canonical aggregates numbers; a person wrote 10d and mean.
    private static string Text(string path, JsonElement value) => value.ValueKind != JsonValueKind.Number ? Text(value) : path[(path.LastIndexOf('.') + 1)..] switch
    {
        "ttl" or "window" or "label_delay" or "history" or "allowed_skew" or "hop" => DefinitionNames.FormatDuration(TimeSpan.FromMicroseconds(value.GetInt64())),
        "aggregate" => AggregateNames.Of((AggregateFunction)value.GetInt32()),
        _ => Text(value),
    };

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined => "(none)",
        JsonValueKind.Object when value.TryGetProperty("type", out var type) => $"({type.GetString()})",
        JsonValueKind.Object => "(there)",
        _ => value.GetRawText(),
    };
}

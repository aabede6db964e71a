using System.Globalization;
using System.Text.Json;

namespace ZeroWorld.ML.Features;

/// <summary>Tells two canonical definitions apart, line by line: <c>features[amount].type: float64 -> int64</c>.</summary>
internal static class DefinitionDifference
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
            else if (json != other || OriginOf(old.RootElement, name) != OriginOf(planned.RootElement, name))
            {
                found.Add($"'{name}' (would change)");
            }
        }

        found.AddRange(kept.Keys.Except(ColumnsOf(old.RootElement).Select(static column => column.Name)).Select(static name => $"'{name}' (would be new)"));
        return found;
    }

    private static List<(string Name, string Json)> ColumnsOf(JsonElement service) =>
        [.. service.GetProperty("columns").EnumerateArray().Select(static column => (column.GetProperty("name").GetString()!, column.GetRawText()))];

    // All that a column's value comes from: the request value, the transform, or the view without its other features.
    private static string OriginOf(JsonElement service, string column)
    {
        var from = service.GetProperty("columns").EnumerateArray().First(item => item.GetProperty("name").GetString() == column).GetProperty("from").GetString()!;
        if (from is "request" or "transforms")
        {
            return Named(service.GetProperty(from), column);
        }

        // Of an alias the column is ALIAS_FEATURE, and comes from ALIAS.VIEW.
        var alias = from.IndexOf('.', StringComparison.Ordinal) + 1;
        var view = service.GetProperty("views").EnumerateArray().First(view => view.GetProperty("name").GetString() == from[alias..]);
        return string.Concat(view.EnumerateObject().Select(part => part.Name == "features" ? Named(part.Value, column[alias..]) : part.Value.GetRawText()));
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

    // Canonical durations are microseconds; a person wrote 10d.
    private static string Text(string path, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number || path[(path.LastIndexOf('.') + 1)..] is not ("ttl" or "window" or "label_delay" or "history" or "allowed_skew" or "hop"))
        {
            return Text(value);
        }

        var (count, unit) = (value.GetInt64(), "us");
        foreach (var (size, name) in new[] { (1000L, "ms"), (1000L, "s"), (60L, "m"), (60L, "h"), (24L, "d") })
        {
            if (count == 0 || count % size != 0)
            {
                break;
            }

            (count, unit) = (count / size, name);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{count}{unit}");
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined => "(none)",
        JsonValueKind.Object when value.TryGetProperty("type", out var type) => $"({type.GetString()})",
        JsonValueKind.Object => "(there)",
        _ => value.GetRawText(),
    };
}

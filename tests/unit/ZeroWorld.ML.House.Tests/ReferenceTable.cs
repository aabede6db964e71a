namespace ZeroWorld.ML.House.Tests;

/// <summary>reference-table.txt: what each project may reference.</summary>
internal sealed record ReferenceTable(IReadOnlyDictionary<string, ReferenceTable.Row> Rows)
{
    public sealed record Row(IReadOnlySet<string> Projects, IReadOnlySet<string> Packages);

    public static ReferenceTable Read(IEnumerable<string> lines)
    {
        var rows = new Dictionary<string, Row>(StringComparer.Ordinal);
        foreach (var line in lines.Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line.Split(["->", "|"], StringSplitOptions.TrimEntries) is not [var project, var projects, var packages])
            {
                throw new FormatException($"'{line}' is not 'PROJECT -> projects | packages'.");
            }

            IEnumerable<string> allowed = projects == "..." ? rows.Keys : Words(projects);
            rows.Add(project, new Row(allowed.ToHashSet(StringComparer.Ordinal), Words(packages).ToHashSet(StringComparer.Ordinal)));
        }

        return new ReferenceTable(rows);
    }

    /// <returns>One sentence per reference of the project that the table does not allow.</returns>
    public IEnumerable<string> FindBreaches(string project, IEnumerable<string> projectReferences, IEnumerable<string> packageReferences)
    {
        if (!Rows.TryGetValue(project, out var row))
        {
            yield return $"{project} is not in the reference table.";
            yield break;
        }

        foreach (var reference in projectReferences.Where(reference => !row.Projects.Contains(reference)))
        {
            yield return $"{project} must not reference the project {reference}.";
        }

        foreach (var package in packageReferences.Where(package => !row.Packages.Contains(package) && !IsForEveryone(package)))
        {
            yield return $"{project} must not reference the package {package}.";
        }
    }

    private static bool IsForEveryone(string package) =>
        package.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) || package == "Microsoft.CodeAnalysis.BannedApiAnalyzers";

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

namespace ZeroWorld.ML.Cli;

/// <summary>Finds definition files.</summary>
internal static class DefinitionFiles
{
    /// <returns>The files in ordinal order, each once.</returns>
    /// <exception cref="UsageException">A path does not exist, or a folder holds no YAML file.</exception>
    public static IReadOnlyList<string> Find(IEnumerable<string> paths)
    {
        var files = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            if (File.Exists(path))
            {
                files.Add(path);
                continue;
            }

            if (!Directory.Exists(path))
            {
                throw new UsageException($"There is no file or folder '{path}'.");
            }

            var found = Directory.EnumerateFiles(path, "*.y*ml", SearchOption.AllDirectories)
                .Where(static file => Path.GetExtension(file) is ".yaml" or ".yml")
                .ToList();
            if (found.Count == 0)
            {
                throw new UsageException($"The folder '{path}' holds no .yaml or .yml file.");
            }

            files.UnionWith(found);
        }

        return [.. files];
    }
}

namespace ZeroWorld.ML.Serving;

/// <summary>Reads the names of classes that lie beside a model's versions: one in a line.</summary>
internal static class LabelFile
{
    private const long LengthMax = 16 << 20;

    /// <param name="root">The model folder, which nothing may lead out of.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="name">Name of the file, without a path.</param>
    /// <exception cref="ModelConfigException">There is no such file, or it is no name of one.</exception>
    public static IReadOnlyList<string> Read(string root, string folder, string name)
    {
        if (name is "." or ".." || name.AsSpan().IndexOfAny('/', '\\', '\0') >= 0)
        {
            throw new ModelConfigException(1, 1, $"the label_filename '{name}' is a path; expected the name of a file beside the versions");
        }

        var file = new FileInfo(Path.Combine(folder, name));
        if (!file.Exists || file.Length > LengthMax)
        {
            throw new ModelConfigException(1, 1, file.Exists ? $"the label_filename '{name}' has more than {LengthMax} bytes" : $"the label_filename '{name}' is not there");
        }

        return LinkGuard.FindEscape(root, file.FullName) is { } escape
            ? throw new ModelConfigException(1, 1, escape)
            : [.. File.ReadLines(file.FullName).Select(static line => line.TrimEnd())];
    }
}

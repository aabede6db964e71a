namespace ZeroWorld.ML.Serving;

/// <summary>Whether a path leads out of a folder by a link. Links inside the folder are welcome: volumes of Kubernetes are made of them.</summary>
internal static class LinkGuard
{
    private const int LinksMax = 40;

    /// <param name="root">Full path of the folder, which may itself be a link.</param>
    /// <param name="path">Full path of something in it that exists.</param>
    /// <returns>A clause, or <see langword="null"/>.</returns>
    public static string? FindEscape(string root, string path)
    {
        var relative = Path.GetRelativePath(root, path);
        if (!HasLink(root, relative))
        {
            return null;
        }

        var real = Resolve(root);
        var current = Resolve(path);
        return real is not null && current is not null && (current == real || current.StartsWith(real.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            ? null
            : $"'{relative}' is a link that leads out of the model folder, or nowhere";
    }

    private static bool HasLink(string root, string relative)
    {
        var current = root;
        foreach (var name in relative.Split(Path.DirectorySeparatorChar))
        {
            current = Path.Combine(current, name);
            if (!Path.Exists(current) || File.GetAttributes(current).HasFlag(FileAttributes.ReparsePoint))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The path without links; <see langword="null"/> when it leads nowhere or in circles.</summary>
    private static string? Resolve(string path)
    {
        var links = 0;
        var rest = new Stack<string>(Split(path));
        var current = Path.GetPathRoot(path)!;
        while (rest.TryPop(out var name))
        {
            if (name == "..")
            {
                current = Path.GetDirectoryName(current) ?? current;
                continue;
            }

            var next = Path.Combine(current, name);
            FileSystemInfo info = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            if (info.LinkTarget is not { } target)
            {
                if (!info.Exists)
                {
                    return null;
                }

                current = next;
                continue;
            }

            if (++links > LinksMax)
            {
                return null;
            }

            if (Path.IsPathRooted(target))
            {
                current = Path.GetPathRoot(target)!;
            }

            foreach (var part in Split(target))
            {
                rest.Push(part);
            }
        }

        return current;
    }

    /// <summary>The names of a path, last first.</summary>
    private static IEnumerable<string> Split(string path) =>
        path.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Where(static name => name != "." && !name.EndsWith(Path.VolumeSeparatorChar)).Reverse();
}

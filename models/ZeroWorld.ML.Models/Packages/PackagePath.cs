namespace ZeroWorld.ML.Models;

/// <summary>Names of files inside a package: relative, with <c>/</c>, and the same on every system.</summary>
public static class PackagePath
{
    internal const int LengthMax = 255;

    internal const string Expected =
        "a relative path with '/' between names of letters, digits, '.', '_' and '-', without '..', at most 255 characters";

    public static bool IsValid(string? path) =>
        path is { Length: > 0 and <= LengthMax } && path.Split('/').All(static name => name is not ("" or "." or "..") && name.All(IsAllowed) && name[^1] != '.');

    internal static string Combine(string folder, string path) => Path.Combine(folder, path.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>Whether a valid path names a file of the folder itself: links would lead out of it.</summary>
    /// <returns>The rest of a sentence whose subject is the file, or <see langword="null"/>.</returns>
    internal static string? FindProblem(string folder, string path)
    {
        var current = folder;
        foreach (var name in path.Split('/'))
        {
            current = Path.Combine(current, name);
            if (!Path.Exists(current))
            {
                return "does not exist";
            }

            if (File.GetAttributes(current).HasFlag(FileAttributes.ReparsePoint))
            {
                return "is a link; expected a plain file";
            }
        }

        return File.Exists(current) ? null : "is a folder; expected a file";
    }

    private static bool IsAllowed(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-';
}

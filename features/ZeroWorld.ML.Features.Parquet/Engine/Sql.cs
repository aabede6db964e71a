using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Quoting for the engine: names and texts of definitions and paths never become part of a statement's grammar.</summary>
internal static class Sql
{
    public static string Name(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string Text(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    public static string Number(long value) => value == long.MinValue
        ? "(-9223372036854775807 - 1)"
        : value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A scan of the files, each row with its number in its file.</summary>
    public static string Scan(IReadOnlyList<string> files) => $"read_parquet({List(files)}, file_row_number = true, filename = true)";

    /// <summary>A list of files as an argument.</summary>
    public static string List(IReadOnlyList<string> files) =>
        $"[{string.Join(", ", files.Select(static file => Text(EscapeGlob(Path.GetFullPath(file)))))}]";

    /// <summary>The engine expands wildcards in paths; a bracket around each makes it a plain character.</summary>
    private static string EscapeGlob(string path)
    {
        if (path.AsSpan().IndexOfAny('*', '?', '[') < 0)
        {
            return path;
        }

        var text = new StringBuilder(path.Length + 8);
        foreach (var character in path)
        {
            _ = character is '*' or '?' or '[' ? text.Append('[').Append(character).Append(']') : text.Append(character);
        }

        return text.ToString();
    }
}

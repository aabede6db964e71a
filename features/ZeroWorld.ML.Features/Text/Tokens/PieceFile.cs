using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace ZeroWorld.ML.Features;

/// <summary>The files of a tokenizer as they come from elsewhere: what is wrong is told by file and place.</summary>
internal static class PieceFile
{
    private const int ShownMax = 40;

    /// <summary>Lines of UTF-8, without the end of a last line.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: there is none, or one is no UTF-8.</exception>
    public static string[] ReadLines(string path, string expected)
    {
        var bytes = File.ReadAllBytes(path);
        if (bytes.Length == 0)
        {
            throw Invalid(path, $"it is empty; expected {expected}");
        }

        if (!Utf8.IsValid(bytes))
        {
            var line = 1 + bytes.AsSpan(0, FirstInvalid(bytes)).Count((byte)'\n');
            throw Invalid(path, string.Create(CultureInfo.InvariantCulture, $"line {line} is no UTF-8; expected {expected}"));
        }

        using var reader = new StringReader(Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF'));
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        return [.. lines];
    }

    public static string Shown(string piece) => piece.Length <= ShownMax ? piece : piece[..ShownMax] + "...";

    public static FeatureException Invalid(string path, string problem, Exception? cause = null) => new(FeatureError.InvalidInput, $"tokenizer '{path}': {problem}.", cause);

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        var place = 0;
        while (place < bytes.Length && Rune.DecodeFromUtf8(bytes[place..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            place += length;
        }

        return place;
    }
}

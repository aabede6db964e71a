using System.Globalization;
using System.IO.Compression;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Reads the published files of reproductions.</summary>
internal static class TableFiles
{
    internal static string Find(string folder, string file)
    {
        var path = Path.Combine(folder, file);
        return File.Exists(path)
            ? path
            : throw new TrainingException(TrainingError.InvalidInput, $"path: the file '{file}' is not in '{folder}'; expected the data set in its published layout.");
    }

    internal static IEnumerable<string> Lines(string path)
    {
        using var stream = File.OpenRead(path);
        using Stream plain = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionMode.Decompress) : stream;
        using var reader = new StreamReader(plain);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    internal static TrainingException Unexpected(string path, int line, string text, string expected) => new(
        TrainingError.UnsuitableData, string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)}:{line}: '{text}'; expected {expected}."));
}

using System.Globalization;

namespace ZeroWorld.ML.Models.Onnx;

/// <summary>Weights that a model keeps in further files of its folder.</summary>
internal static class OnnxExternalData
{
    private const int FilesMax = 10_000;

    /// <param name="ends">File to the end of the furthest range that a tensor reads.</param>
    /// <param name="entries">location, offset and length as the file gives them.</param>
    internal static void Add(Dictionary<string, long> ends, string tensor, Dictionary<string, string> entries)
    {
        if (!entries.TryGetValue("location", out var location) || !PackagePath.IsValid(location))
        {
            throw new InvalidDataException($"the weights of '{tensor}' are in '{location}'; expected {PackagePath.Expected}");
        }

        var offset = Number(tensor, entries, "offset");
        var length = Number(tensor, entries, "length");
        if (offset > long.MaxValue - length)
        {
            throw new InvalidDataException($"the weights of '{tensor}' end beyond any file: offset {offset}, length {length}");
        }

        ends[location] = Math.Max(ends.GetValueOrDefault(location), offset + length);
        if (ends.Count > FilesMax)
        {
            throw new InvalidDataException($"its weights are in more than {FilesMax} files");
        }
    }

    internal static IReadOnlyList<string> Check(string folder, Dictionary<string, long> ends)
    {
        foreach (var (location, end) in ends)
        {
            if (PackagePath.FindProblem(folder, location) is { } problem)
            {
                throw new InvalidDataException($"its weights are in '{location}', which {problem}");
            }

            var length = new FileInfo(PackagePath.Combine(folder, location)).Length;
            if (length < end)
            {
                throw new InvalidDataException($"its weights are in '{location}' up to byte {end}, but that file has {length} bytes");
            }
        }

        return [.. ends.Keys.Order(StringComparer.Ordinal)];
    }

    private static long Number(string tensor, Dictionary<string, string> entries, string key)
    {
        if (!entries.TryGetValue(key, out var text))
        {
            return 0;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new InvalidDataException($"the weights of '{tensor}' have the {key} '{text}'; expected bytes, 0 or more");
    }
}

using System.Globalization;

namespace ZeroWorld.ML.Features;

/// <summary>Collects what is wrong with a set of files, so that all of it is reported together.</summary>
internal sealed class DefinitionErrors
{
    // What a call's answer holds of 4 KiB, where a letter that is none of ASCII takes up to 9 bytes, and an end of a line 3: no sentence is cut off.
    private const int EncodedBytesMax = 3900;
    private const int EncodedBytesPerLetterMax = 9;
    private const int EncodedBytesOfLineEnd = 3;

    private readonly List<(string File, long Line, long Column, string Message)> _errors = [];

    public bool IsEmpty => _errors.Count == 0;

    public int Count => _errors.Count;

    /// <param name="message">What is wrong and what was expected, without the full stop.</param>
    public void Add(YamlNode node, string message) => Add(node.File, node.Line, node.Column, message);

    public void Add(string file, long line, long column, string message) => _errors.Add((file, line, column, message));

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidDefinition"/>, one line per error, by file, line and column; where they are many the first ones, and how many more there are.</exception>
    public void ThrowIfAny()
    {
        if (IsEmpty)
        {
            return;
        }

        var lines = _errors
            .OrderBy(static error => error.File, StringComparer.Ordinal)
            .ThenBy(static error => error.Line)
            .ThenBy(static error => error.Column)
            .Select(static error => string.Create(CultureInfo.InvariantCulture, $"{error.File}:{error.Line}:{error.Column}: {error.Message}."))
            .Distinct()
            .ToList();
        var length = 0;
        var shown = Math.Max(1, lines.TakeWhile(line => (length += EncodedBytesOf(line)) <= EncodedBytesMax).Count());
        if (shown < lines.Count)
        {
            lines = [.. lines.Take(shown), string.Create(CultureInfo.InvariantCulture, $"... and {lines.Count - shown} more.")];
        }

        throw new FeatureException(FeatureError.InvalidDefinition, string.Join('\n', lines));
    }

    private static int EncodedBytesOf(string line) => EncodedBytesOfLineEnd + line.Sum(static letter => letter is >= ' ' and <= '~' and not '%' ? 1 : EncodedBytesPerLetterMax);
}

using System.Globalization;

namespace ZeroWorld.ML.Features;

/// <summary>Collects what is wrong with a set of files, so that all of it is reported together.</summary>
internal sealed class DefinitionErrors
{
    private const int ShownMax = 100;

    private readonly List<(string File, long Line, long Column, string Message)> _errors = [];

    public bool IsEmpty => _errors.Count == 0;

    public int Count => _errors.Count;

    /// <param name="message">What is wrong and what was expected, without the full stop.</param>
    public void Add(YamlNode node, string message) => Add(node.File, node.Line, node.Column, message);

    public void Add(string file, long line, long column, string message) => _errors.Add((file, line, column, message));

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidDefinition"/>, one line per error, by file, line and column.</exception>
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
        if (lines.Count > ShownMax)
        {
            var more = lines.Count - ShownMax;
            lines = [.. lines.Take(ShownMax), string.Create(CultureInfo.InvariantCulture, $"... and {more} more.")];
        }

        throw new FeatureException(FeatureError.InvalidDefinition, string.Join('\n', lines));
    }
}

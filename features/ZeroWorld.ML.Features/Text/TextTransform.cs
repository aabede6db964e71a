using System.Globalization;
using System.Text.RegularExpressions;

namespace ZeroWorld.ML.Features;

/// <summary>Which featurizer a transform of a service makes its text features by.</summary>
public static partial class TextTransform
{
    /// <summary>The featurizer of an expression that is a call of <c>text_ids</c> or <c>text_weights</c>.</summary>
    /// <param name="expression">The text of a transform whose definition was accepted.</param>
    /// <returns><see langword="null"/>: the expression is something else.</returns>
    public static TextFeaturizerSettings? FindSettings(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        var call = Call().Match(expression);
        return !call.Success ? null
            : call.Groups["settings"] is { Success: true } settings ? TextFeaturizerSettings.Parse(settings.Value)
            : call.Groups["bits"] is { Success: true } bits ? TextFeaturizer.Default.Settings with { Bits = int.Parse(bits.Value, CultureInfo.InvariantCulture) }
            : TextFeaturizer.Default.Settings;
    }

    [GeneratedRegex(@"^\s*text_(?:ids|weights)\s*\(.*?(?:,\s*(?:(?<bits>[0-9]{1,9})|'(?<settings>[^']*)'|""(?<settings>[^""]*)"")\s*)?\)\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Call();
}

using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Cli;

/// <summary>Other people's texts as a terminal may have them: it obeys control characters, and some turn what stands behind them round. Pure functions.</summary>
internal static class ShownText
{
    /// <summary>With <c>\u001b</c> and the like for control characters and those of direction; lines stay.</summary>
    public static string Lines(string text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (var letter in text.ReplaceLineEndings("\n"))
        {
            _ = letter != '\n' && IsObeyed(letter) ? shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}") : shown.Append(letter);
        }

        return shown.ToString();
    }

    /// <summary>The same in one line.</summary>
    /// <param name="most">UTF-16 code units of the text at most; what is longer ends with three dots.</param>
    public static string Line(string text, int most = int.MaxValue)
    {
        if (text.Length > most)
        {
            text = $"{text.AsSpan(0, char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)}...";
        }

        return Lines(text.Replace('\t', ' ')).Replace('\n', ' ');
    }

    public static bool IsObeyed(char letter) => char.IsControl(letter) || letter is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}

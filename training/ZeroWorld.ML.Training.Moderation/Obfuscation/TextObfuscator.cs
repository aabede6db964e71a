using System.Text;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Writes a text as somebody would who hides it from a filter. Pure functions: equal text, kind, share and seed give an equal result.</summary>
public static class TextObfuscator
{
    /// <summary>Changes words of a text that are apart by spaces.</summary>
    /// <param name="share">Chance of each word (or space between words) to be changed, 0 to 1.</param>
    /// <remarks>
    /// Words are runs without white space. Those that begin with a sign are left, and of fewer than four characters (ideographs: two, or three to miss one) those in which characters
    /// would change places, be missing, or become others. In Arabic and Devanagari leetspeak are the digits that stand for letters there; Chinese has none.
    /// </remarks>
    public static string Apply(string text, TextObfuscation kind, double share, int seed)
    {
        ArgumentNullException.ThrowIfNull(text);
        var random = new Random(seed);
        return Apply(text.Split(' ', StringSplitOptions.RemoveEmptyEntries), _ => random.NextDouble() < share, kind, " ", random);
    }

    /// <summary>The same for some words of a text.</summary>
    /// <param name="words">All words in their order.</param>
    /// <param name="isChanged">Asked once for each place, in order; of a missing space it is the one before the word.</param>
    /// <param name="glue">What is between words: a space, or nothing.</param>
    public static string Apply(IReadOnlyList<string> words, Func<int, bool> isChanged, TextObfuscation kind, string glue, Random random)
    {
        ArgumentNullException.ThrowIfNull(words);
        ArgumentNullException.ThrowIfNull(isChanged);
        ArgumentNullException.ThrowIfNull(random);
        var result = new StringBuilder();
        for (var place = 0; place < words.Count; place++)
        {
            var isHidden = isChanged(place);
            result.Append(place == 0 || (kind == TextObfuscation.MissingSpace && isHidden) ? "" : glue);
            result.Append(isHidden && char.IsLetter(words[place], 0) ? WordDisguise.Apply(words[place], kind, random) : words[place]);
        }

        return result.ToString();
    }
}

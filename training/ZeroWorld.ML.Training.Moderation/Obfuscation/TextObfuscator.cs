using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Writes a text as somebody would who hides it from a filter. Pure functions: equal text, kind, share and seed give an equal result.</summary>
public static class TextObfuscator
{
    private const int WordMin = 4;
    private static readonly Dictionary<char, string> Leet = new()
    {
        ['a'] = "4", ['e'] = "3", ['i'] = "1", ['o'] = "0", ['s'] = "5", ['t'] = "7", ['l'] = "1", ['A'] = "4", ['E'] = "3", ['I'] = "1", ['O'] = "0", ['S'] = "$", ['T'] = "7",
    };

    /// <param name="share">Chance of each word (or space between words) to be changed, 0 to 1.</param>
    /// <remarks>Words are runs without white space; those that begin with a sign are left, and but for spaces so are those of fewer than four text elements.</remarks>
    public static string Apply(string text, TextObfuscation kind, double share, int seed)
    {
        ArgumentNullException.ThrowIfNull(text);
        var random = new Random(seed);
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var result = new StringBuilder(text.Length * 2);
        for (var index = 0; index < words.Length; index++)
        {
            var isChanged = random.NextDouble() < share;
            var isJoined = kind == TextObfuscation.MissingSpace && isChanged;
            if (index > 0 && !isJoined)
            {
                result.Append(' ');
            }

            result.Append(isChanged && char.IsLetter(words[index][0]) ? Change(words[index], kind, random) : words[index]);
        }

        return result.ToString();
    }

    private static string Change(string word, TextObfuscation kind, Random random)
    {
        var elements = Elements(word);
        if (kind == TextObfuscation.AddedSpace)
        {
            return string.Join(' ', elements);
        }

        if (elements.Count < WordMin || kind == TextObfuscation.MissingSpace)
        {
            return word;
        }

        if (kind == TextObfuscation.Leetspeak)
        {
            return string.Concat(word.Select(static letter => Leet.GetValueOrDefault(letter) ?? letter.ToString()));
        }

        // The first and the last stay: that is how people misspell and still read it.
        var place = random.Next(1, elements.Count - 2);
        if (kind == TextObfuscation.Swap)
        {
            (elements[place], elements[place + 1]) = (elements[place + 1], elements[place]);
        }
        else
        {
            elements.RemoveAt(place);
        }

        return string.Concat(elements);
    }

    private static List<string> Elements(string word)
    {
        var elements = new List<string>();
        for (var enumerator = StringInfo.GetTextElementEnumerator(word); enumerator.MoveNext();)
        {
            elements.Add(enumerator.GetTextElement());
        }

        return elements;
    }
}

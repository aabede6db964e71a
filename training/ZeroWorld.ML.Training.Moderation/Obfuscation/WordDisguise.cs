using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>One word as somebody would write it who hides it. Pure functions of the word and the random numbers.</summary>
internal static class WordDisguise
{
    private const int WordMin = 4;
    private const int IdeographsMin = 2;
    private const int RepeatsMax = 5;
    private const char Tatweel = '\u0640';
    private const string Plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private static readonly string[] Signs = [".", "-", "*", "_"];
    private static readonly string[] Unseen = ["\u200B", "\u200C", "\u2060", "\u00AD", "\uFEFF"];
    private static readonly string[] Pictures = ["\U0001F525", "\U0001F480", "\u2764\uFE0F", "\u2B50", "\U0001F44D\U0001F3FD"];
    private static readonly string[] Marks = ["\u0301", "\u0308", "\u0336", "\u0323", "\u20DD"];
    private static readonly Dictionary<char, string> LookAlikes = new()
    {
        ['a'] = "\u0430", ['c'] = "\u0441", ['e'] = "\u0435", ['i'] = "\u0456", ['j'] = "\u0458", ['o'] = "\u043E", ['p'] = "\u0440", ['s'] = "\u0455", ['u'] = "\u03C5", ['v'] = "\u03BD",
        ['x'] = "\u0445", ['y'] = "\u0443", ['A'] = "\u0391", ['B'] = "\u0412", ['E'] = "\u0415", ['H'] = "\u041D", ['K'] = "\u039A", ['M'] = "\u041C", ['O'] = "\u039F", ['T'] = "\u0422",
    };

    // Latin letters, the digits of Arabic chat (https://en.wikipedia.org/wiki/Arabic_chat_alphabet), Devanagari letters that digits look like.
    private static readonly Dictionary<char, string> Leet = new()
    {
        ['a'] = "4", ['e'] = "3", ['i'] = "1", ['o'] = "0", ['s'] = "5", ['t'] = "7", ['l'] = "1", ['A'] = "4", ['E'] = "3", ['I'] = "1", ['O'] = "0", ['S'] = "$", ['T'] = "7",
        ['\u0639'] = "3", ['\u062D'] = "7", ['\u062E'] = "5", ['\u0637'] = "6", ['\u0635'] = "9", ['\u0642'] = "8", ['\u0623'] = "2",
        ['\u0909'] = "3", ['\u0930'] = "2", ['\u0920'] = "0", ['\u0917'] = "9",
    };

    public static string Apply(string word, TextObfuscation kind, Random random) => kind switch
    {
        TextObfuscation.MissingSpace => word,
        TextObfuscation.AddedSpace => string.Join(' ', Elements(word)),
        TextObfuscation.Leetspeak => IsLong(word) ? Replace(word, Leet) : word,
        TextObfuscation.LatinLetters => ArabicChat.IsArabic(word) ? ArabicChat.Write(word, random) : word,
        TextObfuscation.LookAlikes => Replace(word, LookAlikes),
        TextObfuscation.FullWidth => string.Concat(word.Select(static letter => Plain.Contains(letter) ? (char)(letter + 0xFEE0) : letter)),
        TextObfuscation.Separators => string.Join(SignOf(word, random), Elements(word)),
        TextObfuscation.Invisible => string.Join(Of(Unseen, random), Elements(word)),
        TextObfuscation.Emoji => string.Join(Of(Pictures, random), Elements(word)),
        TextObfuscation.Marks => string.Concat(Elements(word).Select(element => element + Of(Marks, random))),
        _ => ChangeInside(word, kind, random),
    };

    // The first and the last stay: that is how people misspell and still read it. Ideographs have few and mean each.
    private static string ChangeInside(string word, TextObfuscation kind, Random random)
    {
        var runes = word.EnumerateRunes().Select(static rune => rune.ToString()).ToList();
        var isIdeographic = word[0] is >= '\u3400' and <= '\u9FFF';
        var least = isIdeographic ? IdeographsMin + (kind is TextObfuscation.Swap ? 0 : 1) : WordMin;
        if (runes.Count < least)
        {
            return word;
        }

        var place = isIdeographic ? random.Next(0, runes.Count - 1) : random.Next(1, runes.Count - 2);
        switch (kind)
        {
            case TextObfuscation.Swap:
                (runes[place], runes[place + 1]) = (runes[place + 1], runes[place]);
                break;
            case TextObfuscation.MissingCharacter:
                runes.RemoveAt(place);
                break;
            case TextObfuscation.RepeatedLetter:
                runes[place] = string.Concat(Enumerable.Repeat(runes[place], random.Next(3, RepeatsMax + 1)));
                break;
            case TextObfuscation.MaskedCharacter:
                runes[place] = "*";
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }

        return string.Concat(runes);
    }

    private static bool IsLong(string word) => word.EnumerateRunes().Count() >= WordMin;

    private static string SignOf(string word, Random random) => word[0] is >= '\u0620' and <= '\u064A' && random.Next(2) == 0 ? Tatweel.ToString() : Of(Signs, random);

    private static string Of(string[] choices, Random random) => choices[random.Next(choices.Length)];

    private static string Replace(string word, Dictionary<char, string> letters)
    {
        var result = new StringBuilder(word.Length);
        foreach (var letter in word)
        {
            result.Append(letters.GetValueOrDefault(letter) ?? letter.ToString());
        }

        return result.ToString();
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

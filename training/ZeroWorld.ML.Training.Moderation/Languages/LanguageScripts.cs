namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A language that is written in two alphabets is two labels, one for each: letters of one say nothing about how words are spelled in the other. Pure functions.</summary>
/// <remarks>The label of the alphabet with most texts has the language's name, others have that of the alphabet behind it (<c>srp-Cyrl</c>; ISO 15924). Texts in an alphabet that few are in are names and quotations, and are left out.</remarks>
internal static class LanguageScripts
{
    // Of a hundred texts.
    private const int ShareMin = 5;
    private const char Separator = '-';

    // In which more than one language is written; what is in none of them is the language's own.
    private static readonly string[] Scripts = ["Latn", "Cyrl", "Arab", "Deva"];

    /// <summary>The language of a label.</summary>
    public static string LanguageOf(string label) => label.IndexOf(Separator, StringComparison.Ordinal) is >= 0 and var at ? label[..at] : label;

    /// <summary>Label of each text; <see langword="null"/>: it is left out.</summary>
    public static string?[] Labels(IReadOnlyList<string> texts, IReadOnlyList<string> languages)
    {
        string[] scripts = [.. texts.Select(ScriptOf)];
        var counts = new Dictionary<string, Dictionary<string, int>>(StringComparer.Ordinal);
        for (var row = 0; row < scripts.Length; row++)
        {
            counts.TryAdd(languages[row], new Dictionary<string, int>(StringComparer.Ordinal));
            var of = counts[languages[row]];
            of[scripts[row]] = of.GetValueOrDefault(scripts[row]) + 1;
        }

        var first = counts.ToDictionary(static pair => pair.Key, static pair => pair.Value.MaxBy(static of => of.Value).Key, StringComparer.Ordinal);
        return [.. scripts.Select((script, row) =>
        {
            var (language, of) = (languages[row], counts[languages[row]]);
            return script == first[language] ? language : of[script] * 100 >= of.Values.Sum() * ShareMin && script.Length > 0 ? $"{language}{Separator}{script}" : null;
        })];
    }

    // The alphabet that most of its letters are of; empty: none of those above.
    private static string ScriptOf(string text)
    {
        Span<int> counts = stackalloc int[Scripts.Length + 1];
        counts.Clear();
        foreach (var letter in text)
        {
            if (char.IsLetter(letter))
            {
                counts[PlaceOf(letter)]++;
            }
        }

        var most = 0;
        for (var place = 1; place < counts.Length; place++)
        {
            most = counts[place] > counts[most] ? place : most;
        }

        return most == Scripts.Length ? "" : Scripts[most];
    }

    private static int PlaceOf(char letter) => letter switch
    {
        <= '\u024f' or (>= '\u1e00' and <= '\u1eff') => 0,
        >= '\u0400' and <= '\u052f' => 1,
        >= '\u0600' and <= '\u077f' => 2,
        >= '\u0900' and <= '\u097f' => 3,
        _ => Scripts.Length,
    };
}

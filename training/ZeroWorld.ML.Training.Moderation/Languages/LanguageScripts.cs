namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A language that is written in two alphabets is two labels, one for each: letters of one say nothing about how words are spelled in the other. Pure functions.</summary>
/// <remarks>The label of the alphabet with most texts has the language's name, others have that of the alphabet behind it (<c>srp-Latn</c>; ISO 15924). Texts in an alphabet that few are in are names and quotations, and are left out.</remarks>
internal static class LanguageScripts
{
    // Of a hundred texts.
    private const int ShareMin = 5;
    private const char Separator = '-';

    // Alphabets in which more than one language is written, by the first letter of their blocks; what is in none of them is the language's own.
    private static readonly (char First, char Last, string Name)[] Blocks =
        [('A', '\u024f', "Latn"), ('\u1e00', '\u1eff', "Latn"), ('\u0400', '\u052f', "Cyrl"), ('\u0600', '\u077f', "Arab"), ('\u0900', '\u097f', "Deva")];

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
        Span<int> counts = stackalloc int[Blocks.Length];
        var others = 0;
        foreach (var letter in text)
        {
            if (!char.IsLetter(letter))
            {
                continue;
            }

            var place = Array.FindIndex(Blocks, block => letter >= block.First && letter <= block.Last);
            _ = place < 0 ? others++ : counts[place]++;
        }

        counts[0] += counts[1];
        var most = counts.IndexOf(System.Numerics.Tensors.TensorPrimitives.Max<int>(counts));
        return counts[most] > others ? Blocks[most].Name : "";
    }
}

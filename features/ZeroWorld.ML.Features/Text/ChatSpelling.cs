namespace ZeroWorld.ML.Features;

/// <summary>What an Arabic word and its spellings in Latin letters and digits have in common (https://en.wikipedia.org/wiki/Arabic_chat_alphabet): the consonants by class, without vowels and repetitions. Pure functions.</summary>
internal static class ChatSpelling
{
    /// <summary>Longest word, spelled either way.</summary>
    public const int LettersMax = 32;

    private const int SkeletonsMax = 16;
    private const int ConsonantsMin = 2;
    private const int ArticleLength = 2;
    private const int StemMin = 3;
    private const char Silent = ' ';
    private const double VowelCost = 0.5;
    private const double OtherConsonantCost = 0.6;

    /// <summary>Whether a folded word begins with an Arabic letter.</summary>
    public static bool IsArabic(string word) => word is [>= '\u0620' and <= '\u06D3', ..];

    /// <summary>The skeleton of a word of ASCII letters, digits that are letters of the chat alphabet, apostrophes and dashes; 0 for another one, and where there is one consonant or none.</summary>
    public static ulong SkeletonOf(ReadOnlySpan<char> word)
    {
        if (word.Length > LettersMax)
        {
            return 0;
        }

        var (hash, last, count) = (WordHash.Start, Silent, 0);
        for (int place = 0, length; place < word.Length; place += length)
        {
            (var consonant, length) = ConsonantOf(char.ToLowerInvariant(word[place]), place + 1 < word.Length ? char.ToLowerInvariant(word[place + 1]) : '\0');
            if (length == 0)
            {
                return 0;
            }

            (hash, last, count) = Step((hash, last, count), consonant);
        }

        return count < ConsonantsMin ? 0 : hash;
    }

    /// <summary>The skeletons of the spellings of a folded Arabic word, with its article and without it; none of a word with other letters.</summary>
    public static IReadOnlySet<ulong> SkeletonsOf(string word)
    {
        var skeletons = new HashSet<ulong>();
        if (word.Length > LettersMax)
        {
            return skeletons;
        }

        AddSkeletons(word, skeletons);
        if (HasArticle(word))
        {
            AddSkeletons(word[ArticleLength..], skeletons);
        }

        return skeletons;
    }

    /// <summary>How far a spelling is from a folded Arabic word, letter by letter: a consonant counts 1 where it is missing, a vowel half of it. The article may be missing.</summary>
    public static double Distance(ReadOnlySpan<char> spelling, string word)
    {
        Span<char> given = stackalloc char[LettersMax];
        Span<char> expected = stackalloc char[2 * LettersMax];
        var length = WriteVowelsAlike(spelling, given);
        var whole = Edits(given[..length], expected[..WriteLatin(word, expected)]);
        return HasArticle(word) ? Math.Min(whole, Edits(given[..length], expected[..WriteLatin(word.AsSpan(ArticleLength), expected)])) : whole;
    }

    private static bool HasArticle(string word) => word.StartsWith("\u0627\u0644", StringComparison.Ordinal) && word.Length >= ArticleLength + StemMin;

    private static void AddSkeletons(string word, HashSet<ulong> skeletons)
    {
        var all = new List<(ulong Hash, char Last, int Count)> { (WordHash.Start, Silent, 0) };
        for (var place = 0; place < word.Length; place++)
        {
            var classes = ConsonantsOf(word[place], place == word.Length - 1);
            if (classes.Length == 0)
            {
                return;
            }

            all = [.. all.SelectMany(state => classes.Select(consonant => Step(state, consonant))).Distinct().Take(SkeletonsMax)];
        }

        skeletons.UnionWith(all.Where(static state => state.Count >= ConsonantsMin).Select(static state => state.Hash));
    }

    private static (ulong Hash, char Last, int Count) Step((ulong Hash, char Last, int Count) state, char consonant) =>
        consonant == Silent || consonant == state.Last ? state : (WordHash.Step(state.Hash, consonant), consonant, state.Count + 1);

    // The class at the beginning of a spelling, and how many characters write it; 0 where they are none of such a spelling.
    private static (char Consonant, int Length) ConsonantOf(char letter, char next) => (letter, next) switch
    {
        ('k', 'h') or ('5' or '7', '\'') => ('X', 2),
        ('s' or 'c', 'h') => ('C', 2),
        ('g', 'h') or ('3', '\'') => ('G', 2),
        ('t', 'h') => ('O', 2),
        ('6', '\'') => ('Z', 2),
        ('9', '\'') => ('D', 2),
        ('b' or 'p', _) => ('B', 1),
        ('t' or '6', _) => ('T', 1),
        ('s' or '9', _) => ('S', 1),
        ('h' or '7', _) => ('H', 1),
        ('f' or 'v', _) => ('F', 1),
        ('g' or 'j', _) => ('J', 1),
        ('q' or 'k' or 'c' or '8', _) => ('Q', 1),
        ('3', _) => ('E', 1),
        ('5', _) => ('X', 1),
        ('d' or 'z' or 'l' or 'm' or 'n' or 'r', _) => (char.ToUpperInvariant(letter), 1),
        ('a' or 'e' or 'i' or 'o' or 'u' or 'w' or 'y' or '2' or '\'' or '-', _) => (Silent, 1),
        _ => (Silent, 0),
    };

    // The classes that spellings of an Arabic letter have; of a letter that is said in several ways each of them.
    private static string ConsonantsOf(char letter, bool isLast) => letter switch
    {
        '\u0627' or '\u0649' or '\u0621' or '\u0648' or '\u064A' or '\u06CC' => " ",
        '\u0629' => "H T",
        '\u0647' => isLast ? "H " : "H",
        '\u062D' => "H",
        '\u0628' or '\u067E' => "B",
        '\u062A' or '\u0637' => "T",
        '\u062B' => "STO",
        '\u062C' or '\u06AF' => "J",
        '\u062E' => "X",
        '\u062F' or '\u0636' => "D",
        '\u0630' => "ZDO",
        '\u0632' or '\u0638' => "Z",
        '\u0631' => "R",
        '\u0633' or '\u0635' => "S",
        '\u0634' or '\u0686' => "C",
        '\u0639' => "E ",
        '\u063A' => "GQ",
        '\u0641' or '\u06A4' => "F",
        '\u0642' => "Q S",
        '\u0643' or '\u06A9' => "Q",
        '\u0644' => "L",
        '\u0645' => "M",
        '\u0646' => "N",
        _ => "",
    };

    private static string LatinOf(char letter) => letter switch
    {
        '\u0627' or '\u0649' or '\u0629' => "a",
        '\u064A' or '\u06CC' => "i",
        '\u0648' => "o",
        '\u0621' or '\u0642' => "2",
        '\u0628' or '\u067E' => "b",
        '\u062A' or '\u0637' => "t",
        '\u062B' => "th",
        '\u062C' or '\u06AF' => "g",
        '\u062D' => "7",
        '\u062E' => "5",
        '\u062F' or '\u0636' => "d",
        '\u0630' or '\u0632' or '\u0638' => "z",
        '\u0631' => "r",
        '\u0633' or '\u0635' => "s",
        '\u0634' or '\u0686' => "sh",
        '\u0639' => "3",
        '\u063A' => "gh",
        '\u0641' or '\u06A4' => "f",
        '\u0643' or '\u06A9' => "k",
        '\u0644' => "l",
        '\u0645' => "m",
        '\u0646' => "n",
        '\u0647' => "h",
        _ => "",
    };

    private static int WriteLatin(ReadOnlySpan<char> word, Span<char> letters)
    {
        var length = 0;
        foreach (var letter in word)
        {
            var latin = LatinOf(letter);
            latin.CopyTo(letters[length..]);
            length += latin.Length;
        }

        return length;
    }

    // One letter for each of the three vowels, long or short.
    private static int WriteVowelsAlike(ReadOnlySpan<char> spelling, Span<char> letters)
    {
        var length = 0;
        foreach (var given in spelling)
        {
            var letter = char.ToLowerInvariant(given) switch { 'e' or 'y' => 'i', 'u' or 'w' => 'o', var other => other };
            if (char.IsAsciiLetterOrDigit(letter) && (length == 0 || !IsVowel(letter) || letters[length - 1] != letter))
            {
                letters[length++] = letter;
            }
        }

        return length;
    }

    private static double Edits(ReadOnlySpan<char> given, ReadOnlySpan<char> expected)
    {
        Span<double> row = stackalloc double[(2 * LettersMax) + 1];
        for (var at = 0; at <= expected.Length; at++)
        {
            row[at] = at;
        }

        foreach (var letter in given)
        {
            var corner = row[0];
            row[0] += Cost(letter);
            for (var at = 1; at <= expected.Length; at++)
            {
                var other = expected[at - 1];
                var changed = corner + (letter == other ? 0 : IsVowel(letter) && IsVowel(other) ? VowelCost : OtherConsonantCost);
                corner = row[at];
                row[at] = Math.Min(changed, Math.Min(row[at] + Cost(letter), row[at - 1] + Cost(other)));
            }
        }

        return row[expected.Length];
    }

    private static double Cost(char letter) => IsVowel(letter) ? VowelCost : 1;

    private static bool IsVowel(char letter) => letter is 'a' or 'i' or 'o';
}

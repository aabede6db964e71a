using System.Text;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Arabic as it is written in Latin letters (https://en.wikipedia.org/wiki/Arabic_chat_alphabet): consonants by letters and digits that look like them, of which there are several, short vowels as they are heard. Pure functions of the word and the random numbers.</summary>
internal static class ArabicChat
{
    private const string Vowels = "aaeio";
    private const string Article = "\u0627\u0644";
    private const char Waw = '\u0648';
    private const char Yeh = '\u064A';
    private const char Shadda = '\u0651';
    private const double VowelChance = 0.4;

    // The first one is the most usual, and stands for half of the words.
    private static readonly Dictionary<char, string[]> Letters = new()
    {
        ['\u0627'] = ["a"], ['\u0623'] = ["a", "2", "2a", "o"], ['\u0625'] = ["e", "i"], ['\u0622'] = ["a", "2a"], ['\u0649'] = ["a"], ['\u0629'] = ["a", "h", "t"], ['\u0621'] = ["2"], ['\u0626'] = ["2", "e"],
        ['\u0624'] = ["2", "o"], ['\u0628'] = ["b"], ['\u062A'] = ["t"], ['\u062B'] = ["th", "s", "t"], ['\u062C'] = ["g", "j"], ['\u062D'] = ["7", "h"], ['\u062E'] = ["5", "kh", "7'"], ['\u062F'] = ["d"],
        ['\u0630'] = ["z", "th", "d"], ['\u0631'] = ["r"], ['\u0632'] = ["z"], ['\u0633'] = ["s"], ['\u0634'] = ["sh", "ch"], ['\u0635'] = ["s", "9"], ['\u0636'] = ["d", "9'"], ['\u0637'] = ["t", "6"],
        ['\u0638'] = ["z", "6'"], ['\u0639'] = ["3", "a"], ['\u063A'] = ["gh", "3'", "8"], ['\u0641'] = ["f"], ['\u0642'] = ["2", "q", "k", "9"], ['\u0643'] = ["k"], ['\u0644'] = ["l"], ['\u0645'] = ["m"],
        ['\u0646'] = ["n"], ['\u0647'] = ["h"], [Waw] = ["o", "w", "ou"], [Yeh] = ["i", "y", "e"], ['\u064E'] = ["a"], ['\u064F'] = ["o"], ['\u0650'] = ["e"],
        ['\u067E'] = ["p"], ['\u0686'] = ["ch"], ['\u06A4'] = ["v"], ['\u06AF'] = ["g"], ['\u06A9'] = ["k"], ['\u06CC'] = ["i", "y"],
    };

    /// <summary>Whether a word begins with an Arabic letter.</summary>
    public static bool IsArabic(string word) => word.Length > 0 && Letters.ContainsKey(word[0]);

    /// <summary>A spelling of a word. Signs, digits and other letters stay; marks without a vowel go.</summary>
    public static string Write(string word, Random random)
    {
        var written = new StringBuilder(word.Length * 2);
        var start = 0;
        if (word.Length > Article.Length + 1 && word.StartsWith(Article, StringComparison.Ordinal))
        {
            written.Append(random.Next(2) == 0 ? "el" : "al");
            start = Article.Length;
        }

        var isConsonant = false;
        for (var place = start; place < word.Length; place++)
        {
            var letter = word[place];
            if (letter == Shadda && isConsonant)
            {
                written.Append(written[^1]);
                continue;
            }

            if (!Letters.TryGetValue(letter, out var choices))
            {
                written.Append(letter is >= '\u0640' and <= '\u065F' ? "" : letter.ToString());
                isConsonant = false;
                continue;
            }

            // Waw and yeh are consonants at the beginning of a word, and before a long vowel.
            var isGlide = letter is Waw or Yeh && (place == start || (place + 1 < word.Length && word[place + 1] == Article[0]));
            var chosen = isGlide ? (letter == Waw ? "w" : "y") : choices[random.Next(2) == 0 ? 0 : random.Next(choices.Length)];
            var isNextConsonant = "aeiou".IndexOf(chosen[0], StringComparison.Ordinal) < 0;
            written.Append(isConsonant && isNextConsonant && random.NextDouble() < VowelChance ? Vowels[random.Next(Vowels.Length)].ToString() : "").Append(chosen);
            isConsonant = isNextConsonant;
        }

        return written.ToString();
    }
}

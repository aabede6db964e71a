using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Words of each language that are asked about and not learned: every fifth, whichever language has it and however it is written. Pure functions.</summary>
internal static class HeldOutWords
{
    private const uint Every = 5;
    private const int QuestionsMax = 300;
    private const int LettersOfPairs = 5;

    /// <summary>What is learned; <see langword="null"/> where a language would be left without a word.</summary>
    public static WordCounts? Learned(WordCounts words)
    {
        var learned = words.Where(static word => !IsHeldOut(Bare(word)));
        return Enumerable.Range(0, words.Labels.Count).All(label => learned.Of(label).Keys.Any(static word => LanguageCorpus.Words(word).Any())) ? learned : null;
    }

    /// <summary>Words that are held out, at most 300 of a language, and pairs of them: of any words for languages of small use, of those of five letters for the others, whose short words many have.</summary>
    public static IEnumerable<(string Text, int Language, bool IsWord)> Questions(WordCounts words)
    {
        for (var label = 0; label < words.Labels.Count; label++)
        {
            var isSmall = LanguagePriors.IsSmall(words.Labels[label]);
            string[] held = [.. words.Of(label).Keys.Select(Bare).SelectMany(LanguageCorpus.Words).Where(IsHeldOut).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            new Random(label).Shuffle(held);
            held = [.. held.Take(QuestionsMax).Where(word => isSmall || word.Length >= LettersOfPairs || word[0] is >= '\u0e00' and < '\ua000')];
            foreach (var word in held)
            {
                yield return (word, label, true);
            }

            for (var place = 0; place + 1 < held.Length; place += 2)
            {
                yield return ($"{held[place]} {held[place + 1]}", label, false);
            }
        }
    }

    private static string Bare(string word) => LanguageCorpus.WordsAlone(word).ToLowerInvariant();

    // By its letters alone, so that equal words are asked about in every language; without their marks, so that a word is not asked about whose other spelling was learned.
    private static bool IsHeldOut(string word)
    {
        var hash = 17u;
        foreach (var letter in UnmarkedLetters.Of(word) ?? word)
        {
            hash = (hash ^ letter) * 16_777_619;
        }

        return (hash ^ (hash >> 13)) % Every == 0;
    }
}

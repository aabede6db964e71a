using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>How often a model names the language of texts that it did not learn from. Pure functions.</summary>
internal static class LanguageQuality
{
    private const int HeldOutEvery = 10;
    private const int QuestionsMax = 200;

    /// <summary>Share of texts of one language that are named rightly; 0 of none.</summary>
    public static double Share(TextModel model, string language, IReadOnlyCollection<string> texts)
    {
        var (workspace, scores) = (new TextWorkspace(), new float[model.Labels.Count]);
        return texts.Count == 0 ? 0 : texts.Count(text =>
        {
            model.Score(text, workspace, scores);
            return LanguageScripts.LanguageOf(model.Labels[scores.AsSpan().IndexOfMax()]) == language;
        }) / (double)texts.Count;
    }

    /// <summary>Fits on nine of ten texts of each language and asks about the tenth ones, at most 200 of a language, and about as many of their words.</summary>
    /// <param name="fit">Fits on texts and the language of each.</param>
    /// <returns><c>held_out_sentences</c> and <c>held_out_words</c>, the mean over languages; languages of fewer than ten texts are not asked about.</returns>
    public static IReadOnlyDictionary<string, double> Measure(
        IReadOnlyList<string> texts, IReadOnlyList<string> languages, Func<IReadOnlyList<string>, IReadOnlyList<string>, TextModel> fit, CancellationToken cancellationToken)
    {
        var (seen, isHeld) = (new Dictionary<string, int>(StringComparer.Ordinal), new bool[texts.Count]);
        for (var row = 0; row < isHeld.Length; row++)
        {
            var count = seen.GetValueOrDefault(languages[row]) + 1;
            (seen[languages[row]], isHeld[row]) = (count, count % HeldOutEvery == 0);
        }

        int[] learned = [.. Enumerable.Range(0, isHeld.Length).Where(row => !isHeld[row])];
        var model = fit([.. learned.Select(row => texts[row])], [.. learned.Select(row => languages[row])]);
        var asked = Enumerable.Range(0, isHeld.Length).Where(row => isHeld[row]).GroupBy(row => languages[row], row => texts[row], StringComparer.Ordinal).ToArray();
        var (sentences, words) = (0.0, 0.0);
        foreach (var language in asked)
        {
            cancellationToken.ThrowIfCancellationRequested();
            sentences += Share(model, language.Key, [.. language.Take(QuestionsMax)]) / asked.Length;
            words += Share(model, language.Key, [.. language.SelectMany(LanguageCorpus.Words).Distinct(StringComparer.Ordinal).Take(QuestionsMax)]) / asked.Length;
        }

        return new Dictionary<string, double> { ["held_out_sentences"] = sentences, ["held_out_words"] = words };
    }
}

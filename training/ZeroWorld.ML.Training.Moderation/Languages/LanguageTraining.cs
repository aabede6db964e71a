using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Language identification: character n-grams of the plain text, equal priors, so that a single word is judged by its letters alone.</summary>
public static class LanguageTraining
{
    /// <summary>What the featurizer is told for languages.</summary>
    public static TextFeaturizerSettings Features { get; } = new()
    {
        Bits = 18, CharacterMin = 1, CharacterMax = 5, WordMax = 1, WordWeight = 0.5f, FoldedWeight = 0, SqueezedWeight = 0, ShapeWeight = 0, ScriptWeight = 0.5f,
    };

    /// <summary>Reads both corpora below a folder.</summary>
    /// <param name="path">Folder with <c>langid-tatoeba</c> and <c>langid-udhr</c>.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>.</exception>
    public static (IReadOnlyList<string> Texts, IReadOnlyList<string> Languages) Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var (tatoeba, udhr) = (Path.Combine(path, "langid-tatoeba"), Path.Combine(path, "langid-udhr"));
        var known = LanguageCorpus.TatoebaLanguages(tatoeba);
        var (texts, languages) = (new List<string>(), new List<string>());
        foreach (var language in known)
        {
            Add(language, LanguageCorpus.Sentences(tatoeba, language).Concat(LanguageCorpus.Declaration(udhr, language)));
        }

        foreach (var (language, declaration) in LanguageCorpus.FurtherLanguages(udhr, known))
        {
            Add(language, declaration);
        }

        return (texts, languages);

        void Add(string language, IEnumerable<string> more)
        {
            texts.AddRange(more);
            languages.AddRange(Enumerable.Repeat(language, texts.Count - languages.Count));
        }
    }

    /// <summary>Fits on texts of known languages.</summary>
    /// <param name="texts">As they are; short and long ones.</param>
    /// <param name="languages">Language of each.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>.</exception>
    public static TextModel Fit(IReadOnlyList<string> texts, IReadOnlyList<string> languages, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(languages);
        var featurizer = new TextFeaturizer(Features);
        var labels = LabelMatrix.OfClasses(languages);
        var rows = SparseRows.Of(featurizer, texts, cancellationToken);
        var weights = NaiveBayesTextTrainer.Fit(rows, labels, [.. Enumerable.Range(0, labels.Rows)], cancellationToken: cancellationToken);
        return new TextModel(featurizer, labels.Names, true, weights, Calibration.Identity(labels.Names.Count));
    }
}

using System.Text;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Language identification: a model of the order of characters per language, a regression over the characters of words of all of them, and how likely a language is before a letter is read (<see cref="LanguagePriors"/>).</summary>
/// <remarks>The weights of both are of the same n-grams and are added up: what scores is one linear model.</remarks>
public static class LanguageTraining
{
    // How much the models of each language count beside the regression over all of them: where pairs of words are named rightly most often.
    private const float ModelShare = 0.4f;
    private const int Seed = 1;

    // More than any text has: what is expected of a language stays so however long a text is. Much that is read outweighs it, names and quotations in a long text do not.
    private const float PriorsWhole = 100_000;
    private const float PriorsGone = 200_000;

    /// <summary>What the featurizer is told for languages.</summary>
    public static TextFeaturizerSettings Features { get; } = new()
    {
        Bits = 24, CharacterMin = 1, CharacterMax = 5, WordWeight = 0, FoldedWeight = 0, SqueezedWeight = 0, ShapeWeight = 0, AreCharactersCounted = true,
    };

    /// <summary>What a text is answered of which nothing says its language: ISO 639's code for it.</summary>
    public const string Undetermined = "und";

    /// <summary>The language of a model's label, which names the alphabet too where it is not the one of most of the language's texts: of <c>srp-Cyrl</c> it is <c>srp</c>.</summary>
    public static string LanguageOf(string label)
    {
        ArgumentNullException.ThrowIfNull(label);
        return LanguageScripts.LanguageOf(label);
    }

    /// <summary>Whether a text has a letter: one of spaces, digits and signs alone is of no language, whatever a model gives it.</summary>
    public static bool HasLetters(ReadOnlySpan<char> text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsLetter(rune))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads both corpora below a folder.</summary>
    /// <param name="path">Folder with <c>langid-tatoeba</c> and <c>langid-udhr</c>.</param>
    /// <param name="only">Languages to read, as the corpora name them (three letters); <see langword="null"/> or empty: all.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>; a language of <paramref name="only"/> has no texts.</exception>
    public static (IReadOnlyList<string> Texts, IReadOnlyList<string> Languages) Read(string path, IReadOnlyCollection<string>? only = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        bool IsRead(string language) => only is null or { Count: 0 } || only.Contains(language);
        var (tatoeba, udhr) = (Path.Combine(path, "langid-tatoeba"), Path.Combine(path, "langid-udhr"));
        var known = LanguageCorpus.TatoebaLanguages(tatoeba);
        var (texts, languages) = (new List<string>(), new List<string>());
        foreach (var language in known.Where(IsRead))
        {
            Add(language, LanguageCorpus.Sentences(tatoeba, language).Concat(LanguageCorpus.Declaration(udhr, language)));
        }

        foreach (var (language, declaration) in LanguageCorpus.FurtherLanguages(udhr, known).Where(pair => IsRead(pair.Language)))
        {
            Add(language, declaration);
        }

        return only?.FirstOrDefault(language => !languages.Contains(language)) is { } absent
            ? throw new TrainingException(TrainingError.InvalidInput, $"languages: there are no texts of '{absent}' below '{path}'; expected some of {string.Join(", ", known)}, or one that langid-udhr alone has.")
            : (texts, languages);

        void Add(string language, IEnumerable<string> more)
        {
            texts.AddRange(more);
            languages.AddRange(Enumerable.Repeat(language, texts.Count - languages.Count));
        }
    }

    /// <summary>How well <see cref="Fit"/> does on these texts: it learns from nine of ten of each language and is asked about the others.</summary>
    /// <param name="texts">As of <see cref="Fit"/>.</param>
    /// <param name="languages">As of <see cref="Fit"/>.</param>
    /// <param name="progress">Share of the texts that are read.</param>
    /// <returns><c>held_out_sentences</c> and <c>held_out_words</c>: the share that is named rightly, 0 to 1, every language alike; of each at most 200 are asked about, of fewer than ten texts none.</returns>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>.</exception>
    public static IReadOnlyDictionary<string, double> Measure(IReadOnlyList<string> texts, IReadOnlyList<string> languages, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(languages);
        return LanguageQuality.Measure(texts, languages, (learned, of) => Fit(learned, of, progress, cancellationToken), cancellationToken);
    }

    /// <summary>Fits on texts of known languages.</summary>
    /// <param name="texts">As they are; short and long ones. Each is read twice: as it is, and its words alone, so that a word looks the same with a full stop behind it; Serbian ones in both alphabets, words of Latin letters with marks once more without them.</param>
    /// <param name="languages">Language of each; three or more.</param>
    /// <param name="progress">Share of the texts that are read.</param>
    /// <returns>A label for each alphabet in which a language is written: <see cref="LanguageOf"/> is its language.</returns>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>.</exception>
    public static TextModel Fit(IReadOnlyList<string> texts, IReadOnlyList<string> languages, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(languages);
        var featurizer = new TextFeaturizer(Features);
        int[] serbian = [.. Enumerable.Range(0, texts.Count).Where(row => languages[row] == SerbianScripts.Language)];
        string[] once = [.. texts, .. serbian.Select(row => SerbianScripts.InOther(texts[row]))];
        string[] of = [.. languages, .. serbian.Select(static _ => SerbianScripts.Language)];
        var scripts = LanguageScripts.Labels(once, of);
        once = [.. once.Where((_, row) => scripts[row] is not null)];
        of = [.. scripts.OfType<string>()];
        var labels = LabelMatrix.OfClasses([.. of, .. of]);
        string[] read = [.. once, .. once.Select(LanguageCorpus.WordsAlone)];
        var words = WordCounts.Of(read, labels).With(UnmarkedLetters.Of);
        var (offsets, priors) = Expect(featurizer, words, cancellationToken);
        return new TextModel(featurizer, labels.Names, true, Weigh(featurizer, words, progress, cancellationToken), Calibration.Identity(labels.Columns) with { Offsets = offsets }) { Priors = priors };
    }

    private static LinearWeights Weigh(TextFeaturizer featurizer, WordCounts words, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var weights = CharacterRegressionTrainer.Fit(featurizer, words, new Random(Seed), progress: null, cancellationToken);
        CharacterModelTrainer.Add(weights, ModelShare, featurizer, words, CharacterModelTrainer.DiscountDefault, progress, cancellationToken);
        return weights;
    }

    // By words of each language of which another model learned none.
    private static (float[] Offsets, TextPriors? Priors) Expect(TextFeaturizer featurizer, WordCounts words, CancellationToken cancellationToken)
    {
        var priors = new LanguagePriors(words.Labels);
        if (HeldOutWords.Learned(words) is { } learned)
        {
            var (weights, workspace, margins) = (Weigh(featurizer, learned, progress: null, cancellationToken), new TextWorkspace(), new float[words.Labels.Count]);
            foreach (var (text, language, isWord) in HeldOutWords.Questions(words))
            {
                featurizer.Featurize(text, workspace);
                weights.Score(workspace.Ids, workspace.Values, margins);
                priors.Ask(margins, language, isWord);
            }
        }

        var alike = priors.Offsets(null);
        if (!words.Labels.Any(LanguagePriors.IsSmall))
        {
            return (alike, null);
        }

        var inUse = priors.Offsets(LanguagePriors.SmallShare);
        return (alike, new TextPriors([.. inUse.Zip(alike, static (one, other) => one - other)], PriorsWhole, PriorsGone));
    }
}

using System.Diagnostics;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Language identification across corpora: learned from short sentences of one, asked about sentences, word pairs and words of another.</summary>
internal sealed class LanguageReproduction : IReproduction
{
    private const string CharacterModel = "character-model";
    private const int SentenceLengthMax = 150;
    private const int WordsPerLanguage = 300;
    private const int CommonLettersMin = 5;

    // The languages of Lingua's test set, as the corpora name them.
    private static readonly HashSet<string> Common =
    [
        .. ("afr sqi ara hye aze eus bel ben nob bos bul cat cmn hrv ces dan nld eng epo est fin fra lug kat deu ell guj heb hin hun isl ind gle ita jpn kaz kor lat lvs lit mkd zsm mri mar mon nno pes "
            + "pol por pan ron rus srp sna slk slv som sot spa swh swe tgl tam tel tha tso tsn tur ukr urd vie cym xho yor zul").Split(' '),
    ];
    private static readonly string[] Kinds = ["sentences", "word pairs", "single words"];
    private static readonly double[] Lingua = [0.96, 0.89, 0.74];

    public string Name => "langid";

    public string Description => "Language identification, learned from Tatoeba, asked about the declarations of langid-udhr, which are easier than the news that Lingua's figures are of.";

    public IReadOnlyList<string> Algorithms { get; } = [CharacterModel];

    public Task<ReproductionReport> RunAsync(ReproductionRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Select(this);
        return Task.Run(() => Run(request, progress, cancellationToken), cancellationToken);
    }

    private ReproductionReport Run(ReproductionRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        // The two corpora are folders of their own: they lie in the given one, or beside it.
        var path = Directory.Exists(Path.Combine(request.DataPath, "langid-tatoeba")) ? request.DataPath : Path.GetDirectoryName(Path.GetFullPath(request.DataPath)) ?? request.DataPath;
        var (tatoeba, udhr) = (Path.Combine(path, "langid-tatoeba"), Path.Combine(path, "langid-udhr"));
        var started = Stopwatch.GetTimestamp();
        var known = LanguageCorpus.TatoebaLanguages(tatoeba);
        var sentences = known.ToDictionary(static language => language, language => LanguageCorpus.Sentences(tatoeba, language).ToArray(), StringComparer.Ordinal);
        var train = known.SelectMany(language => sentences[language].Where((_, row) => !IsHeldOut(language, row)).Select(text => (text, language))).ToArray();
        var model = LanguageTraining.Fit([.. train.Select(static pair => pair.text)], [.. train.Select(static pair => pair.language)], null, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(started);
        string[] asked = [.. known.Where(language => LanguageCorpus.Declaration(udhr, language).Count > 0)];
        string[] common = [.. asked.Where(Common.Contains)];
        string[] behind = [.. known.Where(LanguagePriors.IsSmall)];
        List<string>[] Declared(string language, int seed, int lettersMin) => Questions(LanguageCorpus.Declaration(udhr, language), seed, lettersMin);
        List<string>[] HeldOut(string language, int seed) => Questions([.. sentences[language].Where((_, row) => IsHeldOut(language, row))], seed, 2);

        var equal = model with { Priors = null };
        (string Name, string[] Asked, TextModel Model, Func<string, int, List<string>[]> Questions)[] sets =
        [
            ($"{asked.Length} languages", asked, model, (language, seed) => Declared(language, seed, 2)),
            ($"{asked.Length} languages, equal priors", asked, equal, (language, seed) => Declared(language, seed, 2)),
            ("common languages", common, model, (language, seed) => Declared(language, seed, CommonLettersMin)),
            ("common languages, equal priors", common, equal, (language, seed) => Declared(language, seed, CommonLettersMin)),
            ("common languages, only they may be answered", common, model.LimitedTo([.. model.Labels.Where(label => common.Contains(LanguageTraining.LanguageOf(label)))]), (language, seed) => Declared(language, seed, CommonLettersMin)),
            ($"{behind.Length} languages of small use", behind, model, (language, seed) => HeldOut(language, seed)),
            ($"{behind.Length} languages of small use, equal priors", behind, equal, (language, seed) => HeldOut(language, seed)),
        ];
        var scores = new double[sets.Length, Kinds.Length, request.Seeds.Count];
        for (var seed = 0; seed < request.Seeds.Count; seed++)
        {
            for (var set = 0; set < sets.Length; set++)
            {
                foreach (var language in sets[set].Asked)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var texts = sets[set].Questions(language, request.Seeds[seed]);
                    for (var kind = 0; kind < Kinds.Length; kind++)
                    {
                        scores[set, kind, seed] += LanguageQuality.Share(sets[set].Model, language, texts[kind]) / sets[set].Asked.Length;
                    }
                }
            }

            progress?.Report(new TrainingProgress("ask", $"seed {request.Seeds[seed]}", seed + 1, request.Seeds.Count));
        }

        return new ReproductionReport
        {
            Name = Name,
            Protocol =
            [
                $"{train.Length:N0} sentences of {known.Count} languages; asked about {asked.Length} that the declaration has too, all {known.Count} may be answered unless said",
                $"common languages: {common.Length} of the 75 of Lingua's test set, words of {CommonLettersMin} letters and more",
                $"{behind.Length} languages of small use: every tenth sentence of Tatoeba is asked about and not learned",
                $"priors are of held-out words of what is learned, of which {LanguagePriors.SmallShare:P0} are of languages of small use; nothing is chosen by what is asked",
                "every language counts alike; seeds choose the words that are asked about",
                "the declarations stand in for Lingua's own corpus, news of 75 languages, and are easier: that a figure here reaches Lingua's does not say that it does there (docs/operations/performance.md has both)",
            ],
            Figures =
            [
                .. sets.SelectMany((set, at) => Kinds.Select((kind, place) =>
                    new ReproducedFigure(CharacterModel, $"{set.Name}: {kind}", [.. Enumerable.Range(0, request.Seeds.Count).Select(seed => scores[at, place, seed])])
                    {
                        Published = set.Asked == behind ? null : Lingua[place],
                        Source = set.Asked == behind ? null : "Lingua high, other and harder texts",
                    })),
            ],
            Parameters = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                [CharacterModel] = new Dictionary<string, string> { ["features"] = LanguageTraining.Features.Canonical },
            },
            FitTimes = new Dictionary<string, TimeSpan> { [CharacterModel] = elapsed },
        };
    }

    // Of languages of small use the declarations are few: every tenth of their sentences is asked about, and not learned.
    private static bool IsHeldOut(string language, int row) => LanguagePriors.IsSmall(language) && row % 10 == 9;

    private static List<string>[] Questions(IReadOnlyList<string> paragraphs, int seed, int lettersMin)
    {
        // Every second word, as in all figures so far.
        var words = paragraphs.SelectMany(LanguageCorpus.Words).Where(word => word.Length >= lettersMin || word[0] is >= '\u0e00' and < '\ua000').Select(static word => word.ToLowerInvariant()).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal).Where((_, place) => place % 2 == 1).ToArray();
        new Random(seed).Shuffle(words);
        var chosen = words.Take(WordsPerLanguage).ToArray();
        return
        [
            [.. paragraphs.Select(static text => text.Length > SentenceLengthMax ? text[..SentenceLengthMax] : text)],
            [.. Enumerable.Range(0, chosen.Length / 2).Select(pair => $"{chosen[pair * 2]} {chosen[(pair * 2) + 1]}")],
            [.. chosen],
        ];
    }
}

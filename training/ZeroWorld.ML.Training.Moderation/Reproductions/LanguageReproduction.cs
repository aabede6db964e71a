using System.Diagnostics;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Language identification across corpora: learned from short sentences of one, asked about sentences, word pairs and words of another.</summary>
internal sealed class LanguageReproduction : IReproduction
{
    private const string NaiveBayes = "naive-bayes";
    private const int SentenceLengthMax = 150;
    private const int WordsPerLanguage = 300;
    private static readonly string[] Kinds = ["sentences", "word pairs", "single words"];
    private static readonly double[] Lingua = [0.96, 0.89, 0.74];

    public string Name => "langid";

    public string Description => "Language identification, learned from Tatoeba, asked about the declarations of langid-udhr; Lingua's figures are of its own corpus.";

    public IReadOnlyList<string> Algorithms { get; } = [NaiveBayes];

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
        var train = known.SelectMany(language => LanguageCorpus.Sentences(tatoeba, language).Select(text => (text, language))).ToArray();
        var model = LanguageTraining.Fit([.. train.Select(static pair => pair.text)], [.. train.Select(static pair => pair.language)], cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(started);
        string[] asked = [.. known.Where(language => LanguageCorpus.Declaration(udhr, language).Count > 0)];
        var scores = new double[Kinds.Length, request.Seeds.Count];
        for (var seed = 0; seed < request.Seeds.Count; seed++)
        {
            foreach (var language in asked)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var texts = Questions(LanguageCorpus.Declaration(udhr, language), request.Seeds[seed]);
                for (var kind = 0; kind < Kinds.Length; kind++)
                {
                    scores[kind, seed] += Share(model, language, texts[kind]) / asked.Length;
                }
            }

            progress?.Report(new TrainingProgress("ask", $"seed {request.Seeds[seed]}", seed + 1, request.Seeds.Count));
        }

        return new ReproductionReport
        {
            Name = Name,
            Protocol =
            [
                $"{train.Length:N0} sentences of {known.Count} languages; asked about {asked.Length} that the declaration has too, all {known.Count} may be answered",
                "every language counts alike; seeds choose the words that are asked about",
            ],
            Figures =
            [
                .. Kinds.Select((kind, place) => new ReproducedFigure(NaiveBayes, $"accuracy, {kind}", [.. Enumerable.Range(0, request.Seeds.Count).Select(seed => scores[place, seed])])
                {
                    Published = Lingua[place],
                    Source = "Lingua high, its own corpus",
                }),
            ],
            Parameters = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                [NaiveBayes] = new Dictionary<string, string> { ["features"] = LanguageTraining.Features.Canonical },
            },
            FitTimes = new Dictionary<string, TimeSpan> { [NaiveBayes] = elapsed },
        };
    }

    private static double Share(TextModel model, string language, List<string> texts)
    {
        var (workspace, scores) = (new TextWorkspace(), new float[model.Labels.Count]);
        return texts.Count == 0 ? 0 : texts.Count(text =>
        {
            model.Score(text, workspace, scores);
            return model.Labels[scores.AsSpan().IndexOfMax()] == language;
        }) / (double)texts.Count;
    }

    private static List<string>[] Questions(IReadOnlyList<string> paragraphs, int seed)
    {
        var words = paragraphs.SelectMany(LanguageCorpus.Words).Select(static word => word.ToLowerInvariant()).Distinct(StringComparer.Ordinal).ToArray();
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

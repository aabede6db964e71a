using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using StackExchange.Redis;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>Texts: fit and score against scikit-learn on the same rows and cores, what the featurizer costs, and the moderation stream from end to end. Times are of the processor.</summary>
internal static class TextBenchmark
{
    private const int Rounds = 3;
    private const int FitRounds = 2;
    private const double ScoreBar = 10;
    private const double RoundSeconds = 1;
    private const int StreamItems = 30_000;

    // Words of one and two, characters of two to five within words: what the featurizer has of the plain text. The simple one has words alone.
    private const string ScikitLearn = """
        import sys, json, time
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_pipeline, make_union
        from sklearn.linear_model import LogisticRegression
        rows = [json.loads(line) for line in open(sys.argv[1])]
        texts, labels = [r[0] for r in rows], [r[1] for r in rows]
        vectors = make_union(TfidfVectorizer(ngram_range=(1, 2)), TfidfVectorizer(analyzer='char_wb', ngram_range=(2, 5))) if sys.argv[2] == 'full' else TfidfVectorizer()
        model = make_pipeline(vectors, LogisticRegression(C=4, max_iter=1000))
        t = time.process_time(); model.fit(texts, labels); fit = time.process_time() - t
        t = time.process_time(); model.predict_proba(texts); print(fit, len(texts) / (time.process_time() - t))
        """;

    private static readonly Dictionary<string, string> Peers = new() { ["full"] = "words and characters", ["words"] = "single words" };

    private static readonly (string Name, TextFeaturizer Featurizer)[] Featurizers =
    [
        ("default", new TextFeaturizer(ModerationTrainingRequest.DefaultFeatures)),
        ("no near", new TextFeaturizer(ModerationTrainingRequest.DefaultFeatures with { NearWeight = 0 })),
        ("no sets", TextFeaturizer.Default),
        ("plain", new TextFeaturizer(new TextFeaturizerSettings { FoldedWeight = 0, SqueezedWeight = 0 })),
        ("words", new TextFeaturizer(new TextFeaturizerSettings { WordMax = 1, CharacterWeight = 0, FoldedWeight = 0, SqueezedWeight = 0, ShapeWeight = 0 })),
    ];

    /// <param name="options"><c>--data=FILE</c>, a table with the columns <c>--text=tweet</c> and <c>--label=class</c>; <c>--only=NAME</c> of <c>fit</c>, <c>words</c> (against single words alone), <c>score</c>, <c>stream</c>; <c>--featurizers=NAME,NAME</c> of <c>default</c> (those of <c>zwml train moderation</c>), <c>no near</c>, <c>no sets</c> (of letters), <c>plain</c> (no disguise undone), <c>words</c> (single ones).</param>
    public static async Task RunAsync(string[] options, CancellationToken cancellationToken)
    {
        string? Option(string name) => options.FirstOrDefault(option => option.StartsWith(name, StringComparison.Ordinal))?[name.Length..];
        var data = Option("--data=") ?? throw new InvalidOperationException("--data=FILE is absent; expected a table of labelled texts, as labeled_data.csv of davidson-hate.");
        var only = Option("--only=");
        var rows = LabelledTexts.Read(data, Option("--text=") ?? "tweet", [Option("--label=") ?? "class"], []);
        var settings = new LinearTextSettings { Cost = 4, Balance = 0.5, Scaling = FeatureScaling.Rarity };
        var whole = Fit(Featurizers[0].Featurizer, rows, settings, cancellationToken);
        if (only is null or "fit" or "words")
        {
            var names = Option("--featurizers=")?.Split(',');
            await FitAsync(rows, settings, [.. Featurizers.Where(featurizer => names is null || names.Contains(featurizer.Name))], only is "words" ? ["words"] : ["full", "words"], cancellationToken);
        }

        if (only is null or "score")
        {
            Score(rows, whole);
        }

        if (only is null or "stream")
        {
            await StreamAsync(rows, whole, cancellationToken);
        }
    }

    private static string Verdict(bool isMet) => isMet ? "met" : "not met";

    private static TextModel Fit(TextFeaturizer featurizer, LabelledTexts rows, LinearTextSettings settings, CancellationToken cancellationToken)
    {
        var features = SparseRows.Of(featurizer, rows.Texts, cancellationToken);
        var weights = LinearTextTrainer.Fit(features, rows.Labels, [.. Enumerable.Range(0, features.Count)], settings, 1, cancellationToken);
        return new TextModel(featurizer, rows.Labels.Names, true, weights, Calibration.Identity(rows.Labels.Columns));
    }

    private static async Task FitAsync(LabelledTexts rows, LinearTextSettings settings, (string Name, TextFeaturizer Featurizer)[] featurizers, string[] peers, CancellationToken cancellationToken)
    {
        using var folder = new TempFolder();
        var file = folder.Combine("rows.jsonl");
        await File.WriteAllLinesAsync(file, rows.Texts.Select((text, row) => JsonSerializer.Serialize(new object[] { text, rows.Labels.Names[rows.Labels.ClassOf(row)] })), cancellationToken);
        var own = new Dictionary<string, (double Fit, double Rate)>();
        foreach (var (name, featurizer) in featurizers)
        {
            var fits = new List<double>();
            TextModel? model = null;
            for (var round = 0; round < FitRounds; round++)
            {
                fits.Add(RecommendationBenchmark.Measure(() => model = Fit(featurizer, rows, settings, cancellationToken), out _).Seconds);
            }

            own[name] = (fits.Min(), Rate(rows.Texts, text => Scored(model!, text)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-7} featurizer, all {Environment.ProcessorCount} processors by the clock: {RateOfAll(rows.Texts, model!, cancellationToken):N0} texts/s"));
        }

        foreach (var kind in peers)
        {
            var (fit, rate) = await PeerAsync(file, kind, cancellationToken);
            foreach (var (name, (seconds, texts)) in own)
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name,-7} featurizer beside scikit-learn's {Peers[kind]}, {rows.Texts.Count:N0} texts: fit {seconds:F1} of {fit:F1} s, {seconds / fit:F2} (bar 1.0: {Verdict(seconds <= fit)}); score {texts:N0} of {rate:N0} texts/s, {texts / rate:F1} x (bar {ScoreBar}: {Verdict(texts >= ScoreBar * rate)})"));
            }
        }
    }

    private static void Score(LabelledTexts rows, TextModel model)
    {
        var features = SparseRows.Of(model.Featurizer, rows.Texts, CancellationToken.None);
        var (scores, row) = (new float[model.Labels.Count], 0);
        var bare = Rate(rows.Texts, _ =>
        {
            model.Score(features.Ids(row), features.Values(row), scores);
            row = (row + 1) % features.Count;
        });
        var engine = Engine(model);
        var workspace = new TextWorkspace();
        var decided = Rate(rows.Texts, text => engine.Decide(new ModerationItem("1", text, "", ""), "1", workspace));
        var scored = Rate(rows.Texts, text => Scored(model, text));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"one core: text to scores {scored:N0} texts/s, text to decision with reasons {decided:N0}; features to scores {bare:N0}: {scored / bare:F3} and {decided / bare:F3} of the featurizer-free model"));

        // Of half of the texts, so that the others have unknown words as new texts do.
        var reading = model with { Lexicon = ModerationTraining.LexiconOf([.. rows.Texts.Where(static (_, place) => place % 2 == 0)], model.Featurizer, CancellationToken.None) };
        string[] others = [.. rows.Texts.Where(static (_, place) => place % 2 == 1)];
        var (read, asTheyStand) = (Rate(others, text => Scored(reading, text)), Rate(others, text => Scored(model, text)));
        var changed = others.Count(text => IsRead(reading, text, workspace));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"one core, hidden words read by the words of the other half of the texts: {read:N0} texts/s, {read / asTheyStand:F2} of as they stand ({asTheyStand:N0}); {changed / (double)others.Length:F3} of the texts are read otherwise than they stand"));
    }

    private static async Task StreamAsync(LabelledTexts rows, TextModel model, CancellationToken cancellationToken)
    {
        await using var server = await RedisServerProcess.StartAsync(cancellationToken);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        var database = client.GetDatabase();
        foreach (var chunk in Enumerable.Range(0, StreamItems).Chunk(1_000))
        {
            await Task.WhenAll(chunk.Select(item => database.StreamAddAsync("in", "body", JsonSerializer.SerializeToUtf8Bytes(new { id = $"item-{item}", text = rows.Texts[item % rows.Texts.Count] }))));
        }

        await using var stream = await RedisWorkStream.OpenAsync(
            new RedisWorkStreamOptions { Configuration = server.Address, Stream = "in", Group = "g", Consumer = "c" }, TimeProvider.System, cancellationToken);
        var worker = new ModerationWorker(Engine(model), stream, "out", TimeProvider.System);
        await worker.RunBatchAsync(TimeSpan.Zero, cancellationToken);
        var (started, before, finished) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime, 0L);
        while (await worker.RunBatchAsync(TimeSpan.Zero, cancellationToken) is (> 0, var count))
        {
            finished += count;
        }

        var (wall, processor) = (Stopwatch.GetElapsedTime(started).TotalSeconds, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
        var rate = finished / wall;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"stream, {finished:N0} of {StreamItems:N0} items: {finished / processor:N0} texts/s per core of the worker, {rate:N0} texts/s by the clock with redis-server beside; "
            + $"catch-up factor (an outage of T is made up for in T / (factor - 1)): {rate / 500:F1} at 500 items/s, {rate / 1_000:F1} at 1,000"));
    }

    private static ModerationEngine Engine(TextModel model) => new(
        model,
        "sha256:0",
        new ModerationPolicy { Name = "benchmark", Version = 1, Model = "sha256:0", Rules = [new ModerationRule(model.Labels[0], 0.3, 0.9), new ModerationRule(model.Labels[1], 0.6, 0.9)] },
        TimeProvider.System);

    [ThreadStatic]
    private static TextWorkspace? _workspace;

    private static void Scored(TextModel model, string text)
    {
        Span<float> scores = stackalloc float[model.Labels.Count];
        model.Score(text, _workspace ??= new TextWorkspace(), scores);
    }

    private static bool IsRead(TextModel model, string text, TextWorkspace workspace)
    {
        model.Featurizer.Featurize(text, workspace);
        return model.Lexicon!.Restore(text, workspace) is not null;
    }

    /// <returns>Texts per second of processor, best of the rounds.</returns>
    private static double Rate(IReadOnlyList<string> texts, Action<string> run)
    {
        double Pass(int passes) => RecommendationBenchmark.Measure(
            () =>
            {
                for (var pass = 0; pass < passes; pass++)
                {
                    foreach (var text in texts)
                    {
                        run(text);
                    }
                }

                return 0;
            },
            out _).Seconds;

        // The first second is the compiler's, of few texts too; the last of its passes says how many fill a round.
        var (warm, last) = (0.0, 0.0);
        while (warm < RoundSeconds)
        {
            last = Pass(1);
            warm += last;
        }

        var passes = Math.Max(1, (int)(RoundSeconds / last));
        return passes * texts.Count / Enumerable.Range(0, Rounds).Min(_ => Pass(passes));
    }

    /// <returns>Texts per second of the clock in one call with all texts, best of the rounds.</returns>
    private static double RateOfAll(IReadOnlyList<string> texts, TextModel model, CancellationToken cancellationToken)
    {
        var best = 0.0;
        for (var round = 0; round <= Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            model.ScoreAll(texts, cancellationToken);
            best = Math.Max(best, texts.Count / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return best;
    }

    private static async Task<(double Fit, double Rate)> PeerAsync(string file, string kind, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", ScikitLearn, file, kind]) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("python3 did not start.");
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        var numbers = output.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return process.ExitCode == 0 && numbers.Length == 2
            ? (double.Parse(numbers[0], CultureInfo.InvariantCulture), double.Parse(numbers[1], CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"python3 ended with {process.ExitCode} and '{output}'; it needs scikit-learn (python3-sklearn).");
    }
}

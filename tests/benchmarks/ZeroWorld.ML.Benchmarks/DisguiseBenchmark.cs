using System.Globalization;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>What hiding words costs in English and ten other languages: recall on made hostile texts less that on the same texts in disguise, by models of <c>zwml train moderation</c>'s defaults.</summary>
internal static class DisguiseBenchmark
{
    private const int AskedMost = 240;
    private const int LearnedMost = 560;
    private const int SentencesMost = 600;
    private const string Hostile = "hostile";
    private const string Harmless = "harmless";
    private const string Neither = "2";

    /// <param name="options"><c>--data=FILE</c>: <c>labeled_data.csv</c> of davidson-hate, whose model is asked about the English texts, too; <c>--sentences=FOLDER</c>: langid-tatoeba, whose sentences are harmless texts beside the made ones; <c>--beside</c>: made texts are learned from beside such sentences, as posts are; <c>--reported</c>: the second suite, by which nothing is chosen; <c>--languages=eng,deu</c>; <c>--copies=N</c> learned from in disguise; <c>--features=CANONICAL</c> instead of the defaults; <c>--texts</c> prints what was missed.</param>
    public static void Run(string[] options, CancellationToken cancellationToken)
    {
        if (Option(options, "--table=") is { } table)
        {
            DisguiseTable.Run(table, name => Option(options, name), cancellationToken);
            return;
        }

        var only = Option(options, "--languages=")?.Split(',');
        Console.WriteLine("recall of the plain texts, then what is lost; first the key words hidden, then every word; by the greater probability and, in brackets, by the policy's review threshold");
        var isBeside = options.Contains("--beside");
        foreach (var texts in (options.Contains("--reported") ? DisguiseTexts.Reported : DisguiseTexts.All).Where(texts => only is null || only.Contains(texts.Language)))
        {
            var learned = Spread([.. texts.Learned.Where(static text => text.IsHostile)], LearnedMost).Concat(Spread([.. texts.Learned.Where(static text => !text.IsHostile)], LearnedMost)).ToArray();
            string[] sentences = Option(options, "--sentences=") is { } folder ? [.. LanguageCorpus.Sentences(folder, texts.Language).Take(SentencesMost)] : [];
            var rows = new LabelledTexts(
                [.. learned.Select((text, row) => isBeside ? Beside(text, sentences, row) : text.ToString()), .. sentences.Where((_, row) => row % (isBeside ? 4 : 2) == 0)],
                LabelMatrix.OfClasses([.. learned.Select(static text => text.IsHostile ? Hostile : Harmless), .. sentences.Where((_, row) => row % (isBeside ? 4 : 2) == 0).Select(static _ => Harmless)]));
            Report(texts.Language, rows, Harmless, [.. texts.Asked, .. sentences.Where(static (_, row) => row % 2 == 1).Select(static text => new MadeText([text], [false], " ", false))], options, cancellationToken);
        }

        if (Option(options, "--data=") is { } data)
        {
            var english = DisguiseTexts.All.Single(static texts => texts.Language == "eng");
            Report("eng, learned from davidson-hate", LabelledTexts.Read(data, "tweet", ["class"], []), Neither, [.. english.Learned, .. english.Asked], options, cancellationToken);
        }
    }

    private static void Report(string name, LabelledTexts rows, string harmless, IReadOnlyList<MadeText> asked, string[] options, CancellationToken cancellationToken)
    {
        var request = new ModerationTrainingRequest { Model = new ModelName("default", "disguises"), Data = rows, OutputDirectory = "", Harmless = [harmless] };
        request = Option(options, "--copies=") is { } copies ? request with { DisguisedCopies = int.Parse(copies, CultureInfo.InvariantCulture) } : request;
        request = Option(options, "--features=") is { } features ? request with { Features = TextFeaturizerSettings.Parse(features) } : request;
        var (model, data, _, probabilities) = ModerationTraining.Fit(request, static (_, _) => { }, cancellationToken);
        var policy = PolicyChoice.Choose("disguises", "", probabilities, data, [harmless], request.Review, request.Block);
        var hostile = Spread([.. asked.Where(static text => text.IsHostile)], AskedMost);
        var plain = hostile.Select(text => Flags(model, policy, harmless, text.ToString())).ToArray();
        var innocent = Spread([.. asked.Where(static text => !text.IsHostile)], AskedMost);
        var wrong = innocent.Select(text => Flags(model, policy, harmless, text.ToString())).ToArray();
        var metrics = HeldOutQuality.Measure(probabilities, data.Labels);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{name}: held out macro F1 {metrics["macro_f1"]:F3} weighted {metrics["weighted_f1"]:F3}; recall {Share(plain, 1):F3} ({Share(plain, 2):F3}), harmless flagged {Share(wrong, 1):F3} ({Share(wrong, 2):F3})"));
        foreach (var kind in Enum.GetValues<TextObfuscation>())
        {
            var line = $"  {kind,-17}";
            foreach (var isEverything in (bool[])[false, true])
            {
                var (before, after) = (new List<int>(), new List<int>());
                for (var row = 0; row < hostile.Count; row++)
                {
                    var text = hostile[row];
                    var hidden = TextObfuscator.Apply(text.Words, place => isEverything || text.IsKey[place], kind, text.Glue, new Random(row));
                    if (hidden == text.ToString())
                    {
                        continue;
                    }

                    before.Add(plain[row]);
                    after.Add(Flags(model, policy, harmless, hidden));
                    if (options.Contains("--texts") && before[^1] > after[^1])
                    {
                        Console.WriteLine($"    {kind} {before[^1]} {after[^1]}: {hidden}");
                    }
                }

                line += before.Count == 0 ? "        -         "
                    : string.Create(CultureInfo.InvariantCulture, $"{Share(before, 1) - Share(after, 1),8:F3} ({Share(before, 2) - Share(after, 2):F3})");
            }

            Console.WriteLine($"{line}  harmless flagged more{Gained(model, policy, harmless, innocent, wrong, kind)}");
        }
    }

    // Of harmless texts all of whose words are hidden: how many more are flagged than of the same texts as they stand.
    private static string Gained(TextModel model, ModerationPolicy policy, string harmless, List<MadeText> texts, int[] plain, TextObfuscation kind)
    {
        var (before, after) = (new List<int>(), new List<int>());
        for (var row = 0; row < texts.Count; row++)
        {
            var hidden = TextObfuscator.Apply(texts[row].Words, static _ => true, kind, texts[row].Glue, new Random(row));
            if (hidden != texts[row].ToString())
            {
                before.Add(plain[row]);
                after.Add(Flags(model, policy, harmless, hidden));
            }
        }

        return before.Count == 0 ? "        -" : string.Create(CultureInfo.InvariantCulture, $"{Share(after, 1) - Share(before, 1),8:F3} ({Share(after, 2) - Share(before, 2):F3})");
    }

    // Two of three stand behind or before a sentence, as in posts, so that not every word around an insult is the template's.
    private static string Beside(MadeText text, string[] sentences, int row)
    {
        var sentence = sentences.Length == 0 ? "" : sentences[row * 2 % sentences.Length];
        return (row % 3) switch { 0 => text.ToString(), 1 => $"{sentence}{text.Glue}{text}".Trim(), _ => $"{text}{text.Glue}{sentence}".Trim() };
    }

    // 1: a label that is not harmless is the likeliest; 2: a rule of the policy wants a review; 3: both.
    private static int Flags(TextModel model, ModerationPolicy policy, string harmless, string text)
    {
        var scores = new float[model.Labels.Count];
        model.Score(text, new TextWorkspace(), scores);
        var labels = model.Labels.ToList();
        return (labels[scores.AsSpan().IndexOfMax()] == harmless ? 0 : 1) + (policy.Rules.Any(rule => scores[labels.IndexOf(rule.Label)] >= rule.Review) ? 2 : 0);
    }

    private static double Share(IReadOnlyCollection<int> flags, int flag) => flags.Count(value => (value & flag) != 0) / (double)Math.Max(1, flags.Count);

    private static List<MadeText> Spread(List<MadeText> texts, int most) => [.. Enumerable.Range(0, Math.Min(texts.Count, most)).Select(row => texts[row * texts.Count / Math.Min(texts.Count, most)])];

    private static string? Option(string[] options, string name) => options.FirstOrDefault(option => option.StartsWith(name, StringComparison.Ordinal))?[name.Length..];
}

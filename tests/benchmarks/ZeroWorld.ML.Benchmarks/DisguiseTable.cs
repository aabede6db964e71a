using System.Globalization;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>What hiding words costs on a table of one's own: each third of its texts is asked about in disguise, by the model of <c>zwml train moderation</c>'s defaults of the others; with its words read again and without.</summary>
internal static class DisguiseTable
{
    private const int Parts = 3;

    /// <param name="options"><c>--table=FILE --text=COLUMN --label=COLUMN --harmless=LABEL</c>; <c>--rows=N</c> of the table.</param>
    public static void Run(string file, Func<string, string?> options, CancellationToken cancellationToken)
    {
        var table = LabelledTexts.Read(file, options("--text=") ?? "text", [options("--label=") ?? "label"], []).WithoutDuplicates();
        var rows = Enumerable.Range(0, table.Texts.Count).ToArray();
        new Random(7).Shuffle(rows);
        rows = rows[..Math.Min(rows.Length, int.Parse(options("--rows=") ?? "100000", CultureInfo.InvariantCulture))];
        var labels = table.Labels.Names.ToList();
        var harmless = labels.IndexOf(options("--harmless=") ?? labels[0]);
        var kinds = Enum.GetValues<TextObfuscation>();
        var truth = new List<int>();
        var plain = new List<int>[] { [], [] };
        var lost = new int[2, kinds.Length, 2];
        var asked = new int[kinds.Length, 2];
        for (var part = 0; part < Parts; part++)
        {
            var learned = rows.Where((_, place) => place % Parts != part).ToArray();
            var data = new LabelledTexts([.. learned.Select(row => table.Texts[row])], LabelMatrix.OfClasses([.. learned.Select(row => labels[table.Labels.ClassOf(row)])]));
            var request = new ModerationTrainingRequest { Model = new ModelName("default", "disguises"), Data = data, OutputDirectory = "", Harmless = [labels[harmless]] };
            var (model, _, _, _) = ModerationTraining.Fit(request, static (_, _) => { }, cancellationToken);
            TextModel[] models = [model with { Lexicon = null }, model];
            foreach (var row in rows.Where((_, place) => place % Parts == part))
            {
                var (text, label) = (table.Texts[row], table.Labels.ClassOf(row));
                truth.Add(label);
                for (var which = 0; which < 2; which++)
                {
                    plain[which].Add(Likeliest(models[which], text));
                }

                if (label == harmless)
                {
                    continue;
                }

                for (var kind = 0; kind < kinds.Length; kind++)
                {
                    for (var share = 0; share < 2; share++)
                    {
                        var hidden = TextObfuscator.Apply(text, kinds[kind], share == 0 ? 0.5 : 1, row);
                        if (hidden == text)
                        {
                            continue;
                        }

                        asked[kind, share]++;
                        for (var which = 0; which < 2; which++)
                        {
                            lost[which, kind, share] += (plain[which][^1] == harmless ? 0 : 1) - (Likeliest(models[which], hidden) == harmless ? 0 : 1);
                        }
                    }
                }
            }
        }

        for (var which = 0; which < 2; which++)
        {
            var metrics = ClassMetrics.Of([.. truth], [.. plain[which]], labels.Count);
            var recall = truth.Zip(plain[which]).Where(pair => pair.First != harmless).Average(pair => pair.Second == harmless ? 0.0 : 1);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{(which == 0 ? "as they stand" : "words read again")}: macro F1 {metrics.MacroF1:F4}, weighted {metrics.WeightedF1:F4}, accuracy {metrics.Accuracy:F4}, recall of all but '{labels[harmless]}' {recall:F4}"));
        }

        Console.WriteLine("recall lost, half of the words hidden and all; as they stand, words read again");
        for (var kind = 0; kind < kinds.Length; kind++)
        {
            double Of(int which, int share) => lost[which, kind, share] / (double)Math.Max(1, asked[kind, share]);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {kinds[kind],-17} {Of(0, 0),7:F3} {Of(1, 0),7:F3}    {Of(0, 1),7:F3} {Of(1, 1),7:F3}"));
        }
    }

    private static int Likeliest(TextModel model, string text)
    {
        var scores = new float[model.Labels.Count];
        model.Score(text, new TextWorkspace(), scores);
        return scores.AsSpan().IndexOfMax();
    }
}

using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Tweets of hate, offence and neither (Davidson et al. 2017), 5-fold, with what hiding words costs.</summary>
internal sealed class HateReproduction : TextReproduction
{
    private const string Neither = "neither";
    private const double ChangedShare = 0.5;
    private static readonly TextObfuscation[] Kinds =
        [TextObfuscation.Swap, TextObfuscation.MissingCharacter, TextObfuscation.Leetspeak, TextObfuscation.MissingSpace, TextObfuscation.AddedSpace];

    private static readonly string[] Names = ["hate", "offensive", Neither];

    public override string Name => "davidson-hate";

    public override string Description => "Hate, offensive or neither, 5-fold, held out; the authors' own figures are of the rows that their model was fitted on.";

    protected override TextProtocol Protocol { get; } = new(
        new TextFeaturizer(new TextFeaturizerSettings { LettersWeight = 1 }),
        [
            new LinearTextSettings { Cost = 0.5, Balance = 0.5, Scaling = FeatureScaling.LogRatio },
            new LinearTextSettings { Cost = 4, Balance = 0.5, Scaling = FeatureScaling.Rarity },
            new LinearTextSettings { Cost = 2, Balance = 0.75, Scaling = FeatureScaling.Rarity },
        ],
        static metrics => metrics.MacroF1 + metrics.WeightedF1,
        Folds: 5);

    protected override TextTable Read(string path, List<string> facts)
    {
        var file = TextTable.Find(path, "labeled_data.csv");
        var csv = CsvTable.Read(file, ',');
        var (text, label) = (csv.Columns.ToList().IndexOf("tweet"), csv.Columns.ToList().IndexOf("class"));
        if (text < 0 || label < 0)
        {
            throw new TrainingException(TrainingError.UnsuitableData, $"'{file}' has the columns {string.Join(", ", csv.Columns)}; expected tweet and class among them.");
        }

        return new TextTable(
            [.. csv.Rows.Select(row => row[text])],
            [.. csv.Rows.Select((row, number) => row[label] is ['0' or '1' or '2'] and [var digit]
                ? Names[digit - '0']
                : throw new TrainingException(TrainingError.UnsuitableData, $"'{file}', row {number + 1}, class: '{row[label]}' is none; expected 0, 1 or 2."))]);
    }

    protected override IEnumerable<ReproducedFigure> Figures(IReadOnlyList<ClassMetrics> seeds, LabelMatrix labels) =>
    [
        new(Linear, "macro F1", [.. seeds.Select(static metrics => metrics.MacroF1)]) { Published = 0.742, Source = "TF-IDF, held out", Bar = 0.745 },
        new(Linear, "weighted F1", [.. seeds.Select(static metrics => metrics.WeightedF1)]) { Published = 0.896, Source = "TF-IDF, held out", Bar = 0.895 },
        new(Linear, "F1 of hate", [.. seeds.Select(metrics => metrics.F1(labels.Names.ToList().IndexOf("hate")))]) { Published = 0.428, Source = "TF-IDF, held out" },
    ];

    // Recall of everything but neither, on held-out rows and on the same rows with half of their words hidden.
    protected override IEnumerable<ReproducedFigure> FurtherFigures(TextTable table, LabelMatrix labels, IReadOnlyList<TextFold[]> seeds, CancellationToken cancellationToken)
    {
        var neither = labels.Names.ToList().IndexOf(Neither);
        foreach (var kind in Kinds)
        {
            yield return new ReproducedFigure(Linear, $"recall lost to {kind}", [.. seeds.Select(folds => LostRecall(table, labels, folds, neither, kind, cancellationToken))]) { Bar = 0.10, IsLoss = true };
        }
    }

    private double LostRecall(TextTable table, LabelMatrix labels, TextFold[] folds, int neither, TextObfuscation kind, CancellationToken cancellationToken)
    {
        var workspace = new TextWorkspace();
        var (rows, plain, hidden) = (0, 0, 0);
        foreach (var fold in folds)
        {
            for (var place = 0; place < fold.Test.Length; place++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var row = fold.Test[place];
                if (labels.ClassOf(row) == neither)
                {
                    continue;
                }

                Protocol.Featurizer.Featurize(TextObfuscator.Apply(table.Texts[row], kind, ChangedShare, row), workspace);
                var decided = DecisionOffsets.Decide(TextProtocol.Margins(fold.Model, workspace.Ids, workspace.Values), fold.Offsets);
                rows++;
                plain += fold.Decided[place] != neither ? 1 : 0;
                hidden += decided != neither ? 1 : 0;
            }
        }

        return (plain - hidden) / (double)Math.Max(1, rows);
    }
}

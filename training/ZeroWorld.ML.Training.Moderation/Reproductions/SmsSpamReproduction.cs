using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>SMS Spam Collection (Almeida, Gomez Hidalgo and Yamakami 2011), each text once: copies in training and test would flatter.</summary>
internal sealed class SmsSpamReproduction : TextReproduction
{
    private const string Header = "Label";

    public override string Name => "sms-spam";

    public override string Description => "SMS Spam Collection, 5-fold, without duplicate texts; figures of Almeida et al. 2011 and of a linear SVM.";

    protected override TextProtocol Protocol { get; } = new(
        TextFeaturizer.Default,
        [
            new LinearTextSettings { Cost = 16, Balance = 0.5, Scaling = FeatureScaling.LogRatio },
            new LinearTextSettings { Cost = 64, Balance = 0.5, Scaling = FeatureScaling.LogRatio },
            new LinearTextSettings { Cost = 128, Balance = 0.75, Scaling = FeatureScaling.LogRatio },
        ],
        static metrics => metrics.Matthews,
        Folds: 5);

    protected override TextTable Read(string path, List<string> facts)
    {
        var (texts, labels) = (new List<string>(), new List<string>());
        foreach (var line in File.ReadLines(TextTable.Find(path, "SMSSpamCollection")))
        {
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            if (tab < 0)
            {
                throw new TrainingException(TrainingError.UnsuitableData, $"SMSSpamCollection, line {texts.Count + 1}: there is no tab; expected LABEL<tab>TEXT.");
            }

            if (line[..tab] != Header)
            {
                labels.Add(line[..tab]);
                texts.Add(line[(tab + 1)..]);
            }
        }

        var table = new TextTable(texts, labels).WithoutDuplicates(out var removed);
        facts.Add($"{removed} duplicate texts were removed before the split");
        return table;
    }

    protected override IEnumerable<ReproducedFigure> Figures(IReadOnlyList<ClassMetrics> seeds, LabelMatrix labels) =>
    [
        new(Linear, "accuracy", [.. seeds.Select(static metrics => metrics.Accuracy)]) { Published = 0.9764, Source = "Almeida 2011, SVM", Bar = 0.990 },
        new(Linear, "MCC", [.. seeds.Select(static metrics => metrics.Matthews)]) { Published = 0.893, Source = "Almeida 2011, SVM", Bar = 0.960 },
        new(Linear, "F1 of spam", [.. seeds.Select(metrics => metrics.F1(labels.Names.ToList().IndexOf("spam")))]),
    ];
}

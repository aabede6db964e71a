using System.Text;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Movie review sentences (Pang and Lee 2005), 10-fold.</summary>
internal sealed class SentimentReproduction : TextReproduction
{
    public override string Name => "sentiment-mr";

    public override string Description => "Sentence polarity of movie reviews, 10-fold; figures of Wang and Manning 2012.";

    protected override TextProtocol Protocol { get; } = new(
        TextFeaturizer.Default,
        [
            new LinearTextSettings { Cost = 1, Scaling = FeatureScaling.LogRatio },
            new LinearTextSettings { Cost = 4, Scaling = FeatureScaling.LogRatio },
            new LinearTextSettings { Cost = 1, Scaling = FeatureScaling.Rarity },
        ],
        static metrics => metrics.Accuracy,
        Folds: 10);

    protected override TextTable Read(string path, List<string> facts)
    {
        var (texts, labels) = (new List<string>(), new List<string>());
        foreach (var (file, label) in (ReadOnlySpan<(string, string)>)[("rt-polarity.neg", "negative"), ("rt-polarity.pos", "positive")])
        {
            foreach (var line in File.ReadLines(TextTable.Find(path, file), Encoding.Latin1))
            {
                texts.Add(line);
                labels.Add(label);
            }
        }

        return new TextTable(texts, labels);
    }

    protected override IEnumerable<ReproducedFigure> Figures(IReadOnlyList<ClassMetrics> seeds, LabelMatrix labels) =>
        [new(Linear, "accuracy", [.. seeds.Select(static metrics => metrics.Accuracy)]) { Published = 0.7938, Source = "NBSVM-bi", Bar = 0.795 }];
}

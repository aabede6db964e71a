using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Xunit;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class ConvolutionTrainerTests
{
    private static readonly ConvolutionSettings Small = new() { Vocabulary = 400, LengthMax = 16, Dimensions = 8, Filters = 8, Widths = [1, 2, 3], Epochs = 12, BatchRows = 8, LearningRate = 0.02, Dropout = 0.2 };

    [Fact]
    public void Learn_Texts_SpellsEveryWordOfThem()
    {
        string[] texts = [.. Enumerable.Range(0, 50).Select(static row => $"Common words, and a rare{row} one: na\u00efve \U0001f600!")];

        var vocabulary = WordPieceLearner.Learn(texts, 300);

        Assert.Equal([WordPieceLearner.Padding, WordPieceLearner.Unknown, WordPieceLearner.Begin, WordPieceLearner.Separator], vocabulary.Take(4));
        Assert.Equal(vocabulary.Count, vocabulary.Distinct().Count());
        Assert.InRange(vocabulary.Count, 50, 300);
        Assert.Contains("common", vocabulary);
        Assert.DoesNotContain("rare7", vocabulary);
        Assert.Equal(vocabulary, WordPieceLearner.Learn(texts, 300));
        using var folder = new TempFolder();
        File.WriteAllLines(folder.Combine("vocab.txt"), vocabulary);
        new TextTokenizerSettings { Kind = TextTokenizerKind.WordPiece, Vocabulary = "vocab.txt", Unknown = 1, Begin = 2, Separator = 3 }.Write(folder.Combine(TextTokenizerSettings.FileName));
        var tokenizer = TextTokenizer.Open(folder.Path);
        Assert.All(texts, text => Assert.DoesNotContain(1, tokenizer.Encode(text).Ids));
    }

    [Fact]
    public void Fit_OrderOfWords_IsLearned()
    {
        // The same words in both classes: only a filter that sees two of them tells "not good" from "good not".
        var (pieces, labels) = Pairs();
        int[] rows = [.. Enumerable.Range(0, pieces.Length)];

        var weights = ConvolutionTrainer.Fit(pieces, labels, rows, 12, Small, 1, null, CancellationToken.None);

        var margins = ConvolutionTrainer.Margins(weights, pieces, CancellationToken.None);
        var right = rows.Count(row => margins[row].AsSpan().IndexOfMax() == labels.ClassOf(row));
        Assert.InRange(right / (double)rows.Length, 0.95, 1);
        Assert.All(weights.Vectors.Take(Small.Dimensions), static value => Assert.Equal(0, value));
    }

    [Fact]
    public void Fit_SameSeed_GivesTheSameWeights()
    {
        var (pieces, labels) = Pairs();
        int[] rows = [.. Enumerable.Range(0, pieces.Length)];
        var settings = Small with { Epochs = 2 };

        var first = ConvolutionTrainer.Fit(pieces, labels, rows, 12, settings, 5, null, CancellationToken.None);
        var second = ConvolutionTrainer.Fit(pieces, labels, rows, 12, settings, 5, null, CancellationToken.None);

        Assert.Equal(first.Vectors, second.Vectors);
        Assert.Equal(first.Head, second.Head);
    }

    [Fact]
    public void Fit_CollectedAllTheWhile_GivesTheSameWeights()
    {
        var (pieces, labels) = Pairs();
        int[] rows = [.. Enumerable.Range(0, pieces.Length)];
        var settings = Small with { Epochs = 1, BatchRows = 2 };
        var calm = ConvolutionTrainer.Fit(pieces, labels, rows, 12, settings, 5, null, CancellationToken.None);

        using var collector = new RelentlessCollector();
        var collected = ConvolutionTrainer.Fit(pieces, labels, rows, 12, settings, 5, null, CancellationToken.None);

        Assert.Equal(calm.Vectors, collected.Vectors);
        Assert.Equal(calm.Head, collected.Head);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_Fitted_ScoresAsTheTrainerWhateverStandsBeside(bool isExclusive)
    {
        var (pieces, labels) = Pairs();
        labels = labels with { IsExclusive = isExclusive };
        int[] rows = [.. Enumerable.Range(0, pieces.Length)];
        var weights = ConvolutionTrainer.Fit(pieces, labels, rows, 12, Small with { Epochs = 2 }, 3, null, CancellationToken.None);
        var margins = ConvolutionTrainer.Margins(weights, pieces, CancellationToken.None);
        var calibration = Calibration.Fit(margins, labels, rows);
        var expected = HeldOutQuality.Probabilities(margins, calibration, labels);
        using var folder = new TempFolder();

        ConvolutionGraph.Write(folder.Combine("model.onnx"), weights, calibration, isExclusive);

        using var session = new InferenceSession(folder.Combine("model.onnx"));
        foreach (var width in (int[])[pieces.Max(static row => row.Length), 15])
        {
            for (var row = 0; row < pieces.Length; row += 7)
            {
                // Each alone as short as it is, and filled up.
                foreach (var columns in (int[])[pieces[row].Length, width])
                {
                    var ids = new DenseTensor<long>([1, columns]);
                    for (var place = 0; place < pieces[row].Length; place++)
                    {
                        ids[0, place] = pieces[row][place];
                    }

                    using var outputs = session.Run([NamedOnnxValue.CreateFromTensor(ConvolutionGraph.Ids, ids)]);
                    var got = outputs[0].AsTensor<float>().ToArray();
                    Assert.All(got.Zip(expected[row]), static pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
                }
            }
        }
    }

    [Fact]
    public void Run_LabelledTexts_HoldsAFifthOutAndWritesTheFiles()
    {
        var random = new Random(2);
        string[] texts = [.. Enumerable.Range(0, 300).Select(row => $"{(row % 2 == 0 ? "buy cheap pills" : "see you tomorrow")} {random.Next(1_000)} w{row}")];
        var data = new LabelledTexts(texts, LabelMatrix.OfClasses([.. texts.Select(static text => text[0] == 'b' ? "spam" : "ham")]));
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.Combine("files"));
        var request = new ModerationTrainingRequest { Model = new ModelName("default", "m"), Data = data, OutputDirectory = folder.Combine("out") };

        var fit = ConvolutionTraining.Run(request, Small with { Epochs = 4 }, folder.Combine("files"), null, CancellationToken.None);

        Assert.Equal(60, fit.HeldOut.Texts.Count);
        Assert.InRange(fit.Metrics["accuracy"], 0.95, 1);
        Assert.True(File.Exists(fit.ModelPath));
        var served = new Served(fit, wrong: 0);
        Assert.Equal(300, fit.Compare(served, CancellationToken.None).Texts);
        var error = Assert.Throws<TrainingException>(() => fit.Compare(new Served(fit, wrong: 0.01f), CancellationToken.None));
        Assert.Equal(TrainingError.ParityBroken, error.Error);
    }

    [Fact]
    public void Fit_SettingOutOfRange_NamesIt()
    {
        var (pieces, labels) = Pairs();

        var error = Assert.Throws<TrainingException>(() => ConvolutionTrainer.Fit(pieces, labels, [0, 1], 12, Small with { Widths = [9] }, 1, null, CancellationToken.None));

        Assert.Contains("widths", error.Message, StringComparison.Ordinal);
    }

    // Texts of the pieces 2 to 11, of which 2 and 3 stand in one order or the other.
    private static (int[][] Pieces, LabelMatrix Labels) Pairs()
    {
        var random = new Random(9);
        var pieces = new int[200][];
        var classes = new int[pieces.Length];
        for (var row = 0; row < pieces.Length; row++)
        {
            classes[row] = row % 2;
            int[] before = [.. Enumerable.Range(0, random.Next(5)).Select(_ => random.Next(4, 12))];
            int[] after = [.. Enumerable.Range(0, random.Next(5)).Select(_ => random.Next(4, 12))];
            pieces[row] = classes[row] == 0 ? [.. before, 2, 3, .. after] : [.. before, 3, 2, .. after];
        }

        return (pieces, LabelMatrix.OfClasses(["first", "second"], classes));
    }

    // The trainer itself in the place of what serves, with a mistake of so much.
    private sealed class Served(ConvolutionFit fit, float wrong) : ITextModel
    {
        public IReadOnlyList<string> Labels => fit.Data.Labels.Names;

        public string? Build => null;

        public ScoredText Score(string text, TextWorkspace workspace)
        {
            var margins = ConvolutionTrainer.Margins(fit.Weights, [fit.Tokenizer.Encode(text).Ids], CancellationToken.None);
            var probabilities = new float[Labels.Count];
            fit.Calibration.Apply(margins[0], probabilities, fit.Data.Labels.IsExclusive);
            probabilities[0] += wrong;
            return new ScoredText(probabilities, false);
        }

        public IReadOnlyList<TextReason> Explain(string text, int label, int most, TextWorkspace workspace) => [];
    }
}

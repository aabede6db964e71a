using System.Globalization;
using System.Reflection;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Writes the package of a text model and checks that its ONNX file scores as it does.</summary>
internal static class TextModelPackage
{
    private const string ModelFile = "model.onnx";
    private const int ParityTextsMax = 10_000;
    private const int ParityBatch = 64;
    private const int BatchesPerCall = 40;
    private const int GoldenTexts = 16;
    private const int GoldenFeaturesMax = 2_000;

    public static async Task<(ModelPackage Package, TextParity Parity)> WriteAsync(
        ModerationTrainingRequest request,
        TextModel model,
        LabelledTexts data,
        IReadOnlyDictionary<string, string> parameters,
        SortedDictionary<string, double> metrics,
        ISparseScorer scorer,
        DateTimeOffset createdTime,
        CancellationToken cancellationToken)
    {
        var file = Path.Combine(request.OutputDirectory, ModelFile);
        TextModelGraph.Write(file, model);
        TextModelFile.Write(Path.Combine(request.OutputDirectory, TextModelFile.Name), model);
        var content = new ModelPackageContent
        {
            Model = request.Model,
            ModelFile = ModelFile,
            FurtherFiles = [TextModelFile.Name],
            Inputs = [new ManifestInput(TextModelGraph.Ids, "INT64", [-1, -1], []), new ManifestInput(TextModelGraph.Weights, "FP32", [-1, -1], [])],
            Outputs = [new ManifestOutput(TextModelGraph.Output, TextModelGraph.Output, "FP32", [-1, model.Labels.Count])],
            Classes = model.Labels,
            GoldenSamples = [Golden(model, data.Texts)],
            GoldenAbsoluteTolerance = TextParity.Tolerance,
            GoldenRelativeTolerance = 0,
            Metrics = metrics.Where(static pair => double.IsFinite(pair.Value)).ToDictionary(),
            Lineage = new ModelLineage
            {
                Rows = data.Texts.Count,
                CodeVersion = typeof(TextModelPackage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
                Seed = request.Seed,
                Parameters = new Dictionary<string, string>(parameters)
                {
                    [ModelLineage.TextFeatures] = model.Featurizer.Settings.Canonical,
                    ["text_features_fingerprint"] = model.Featurizer.Settings.Fingerprint,
                    ["lexicon_words"] = (model.Lexicon?.Words.Count ?? 0).ToString(CultureInfo.InvariantCulture),
                },
                CreatedTime = createdTime,
            },
        };
        var package = await ModelPackageWriter.WriteAsync(request.OutputDirectory, content, cancellationToken).ConfigureAwait(false);
        var parity = await CompareAsync(model, package, data.Texts, scorer, cancellationToken).ConfigureAwait(false);
        if (!(parity.Difference <= TextParity.Tolerance) || parity.Disagreements > 0)
        {
            throw new TrainingException(
                TrainingError.ParityBroken,
                $"The exported model differs by {parity.Difference:G3} and in the label of {parity.Disagreements} of {parity.Texts} texts; expected at most {TextParity.Tolerance} and none.");
        }

        return (package, parity);
    }

    /// <summary>Scores texts with both; a batch is as wide as its longest row.</summary>
    private static async Task<TextParity> CompareAsync(TextModel model, ModelPackage package, IReadOnlyList<string> texts, ISparseScorer scorer, CancellationToken cancellationToken)
    {
        var (count, labels) = (Math.Min(texts.Count, ParityTextsMax), model.Labels.Count);
        var (difference, disagreements, expected) = (0.0, 0, new float[labels]);
        for (var first = 0; first < count; first += ParityBatch * BatchesPerCall)
        {
            var rows = Enumerable.Range(first, Math.Min(ParityBatch * BatchesPerCall, count - first)).Select(row => Features(model, texts[(int)((long)row * texts.Count / count)])).ToArray();
            SparseBatch[] batches = [.. rows.Chunk(ParityBatch).Select(Pad)];
            var served = await scorer.ScoreAsync(package, batches, TextModelGraph.Output, cancellationToken).ConfigureAwait(false);
            var got = served.SelectMany(static batch => batch).ToArray();
            for (var row = 0; row < rows.Length; row++)
            {
                model.Score(rows[row].Ids, rows[row].Values, expected);
                var probabilities = got.AsSpan(row * labels, labels);
                for (var label = 0; label < labels; label++)
                {
                    difference = Math.Max(difference, Math.Abs((double)probabilities[label] - expected[label]));
                }

                disagreements += TextParity.IsSameLabel(probabilities, expected) ? 0 : 1;
            }
        }

        return new TextParity(count, difference, disagreements);
    }

    private static (int[] Ids, float[] Values) Features(TextModel model, string text)
    {
        var workspace = new TextWorkspace();
        model.Featurizer.Featurize(text, workspace);
        return (workspace.Ids.ToArray(), workspace.Values.ToArray());
    }

    private static SparseBatch Pad((int[] Ids, float[] Values)[] rows)
    {
        var width = Math.Max(1, rows.Max(static row => row.Ids.Length));
        var (ids, weights) = (new long[rows.Length * width], new float[rows.Length * width]);
        for (var row = 0; row < rows.Length; row++)
        {
            for (var place = 0; place < rows[row].Ids.Length; place++)
            {
                (ids[(row * width) + place], weights[(row * width) + place]) = (rows[row].Ids[place], rows[row].Values[place]);
            }
        }

        return new SparseBatch(ids, weights, rows.Length, width);
    }

    // Texts spread over the data, none too long: golden samples are read at every load.
    private static GoldenSample Golden(TextModel model, IReadOnlyList<string> texts)
    {
        var rows = Enumerable.Range(0, Math.Min(texts.Count, GoldenTexts * 4))
            .Select(row => Features(model, texts[(int)((long)row * texts.Count / Math.Min(texts.Count, GoldenTexts * 4))]))
            .Where(static row => row.Ids.Length <= GoldenFeaturesMax)
            .Take(GoldenTexts)
            .DefaultIfEmpty(([0], [0f]))
            .ToArray();
        var batch = Pad(rows);
        var (outputs, one) = (new List<double>(), new float[model.Labels.Count]);
        foreach (var row in rows)
        {
            model.Score(row.Ids, row.Values, one);
            outputs.AddRange(one.Select(static value => (double)value));
        }

        long[] shape = [rows.Length, batch.Width];
        return new GoldenSample(
            new Dictionary<string, GoldenTensor>
            {
                [TextModelGraph.Ids] = new(shape, [.. batch.Ids.Select(static id => (double)id)]),
                [TextModelGraph.Weights] = new(shape, [.. batch.Weights.Select(static weight => (double)weight)]),
            },
            new Dictionary<string, GoldenTensor> { [TextModelGraph.Output] = new([rows.Length, model.Labels.Count], outputs) });
    }
}

using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Compares a new text model with the champion, text by text: the log likelihood of the right labels. Pure but for reading the champion.</summary>
/// <remarks>The new model is judged by models that did not see the text. The champion may have learned some of the texts, so it is compared at its best.</remarks>
internal static class TextGate
{
    private const string Metric = "Log likelihood";

    /// <param name="champion"><see langword="null"/>: there is none.</param>
    /// <param name="probabilities">Held-out probabilities of the new model, per text and label.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the champion is no text model, or knows other labels.</exception>
    internal static GateVerdict Judge(EvaluationGate gate, ModelPackage? champion, LabelledTexts data, float[][] probabilities, CancellationToken cancellationToken)
    {
        if (champion is null)
        {
            return EvaluationGate.WithoutChampion;
        }

        var model = Read(champion, data.Labels);
        int[] places = [.. data.Labels.Names.Select(name => Enumerable.Range(0, model.Labels.Count).First(place => model.Labels[place] == name))];
        var (before, after) = (new double[probabilities.Length], new double[probabilities.Length]);
        var (all, row) = (new float[places.Length], new float[places.Length]);
        var workspace = new TextWorkspace();
        for (var text = 0; text < before.Length; text++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            model.Score(data.Texts[text], workspace, all);
            for (var label = 0; label < row.Length; label++)
            {
                row[label] = all[places[label]];
            }

            before[text] = HeldOutQuality.LogLikelihood(row, data.Labels, text);
            after[text] = HeldOutQuality.LogLikelihood(probabilities[text], data.Labels, text);
        }

        return gate.CompareMeans(Metric, before, after);
    }

    private static TextModel Read(ModelPackage champion, LabelMatrix labels)
    {
        const string Advice = "Train under another model name, or move the alias champion first.";
        if (!champion.Manifest.Files.ContainsKey(TextModelFile.Name))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"champion: the package {champion.Digest} of '{champion.Manifest.Name}' is no text model, so the same texts cannot be scored with it. {Advice}");
        }

        var model = TextModelFile.Read(Path.Combine(champion.Directory, TextModelFile.Name));
        return model.IsExclusive == labels.IsExclusive && model.Labels.Order(StringComparer.Ordinal).SequenceEqual(labels.Names.Order(StringComparer.Ordinal), StringComparer.Ordinal)
            ? model
            : throw new TrainingException(
                TrainingError.InvalidInput, $"champion: it knows the labels {string.Join(", ", model.Labels)}, the texts have {string.Join(", ", labels.Names)}. {Advice}");
    }
}

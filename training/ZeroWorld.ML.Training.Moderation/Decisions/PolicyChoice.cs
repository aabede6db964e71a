namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Chooses the thresholds of a policy on texts that the model did not see. Stateless and thread safe.</summary>
public static class PolicyChoice
{
    /// <summary>A label whose goal cannot be reached is not acted on so strictly, and the rule says so.</summary>
    /// <param name="name">Of the policy.</param>
    /// <param name="digest">Of the model's package.</param>
    /// <param name="probabilities">Per text, per label.</param>
    /// <param name="harmless">Labels that get no rule.</param>
    public static ModerationPolicy Choose(
        string name, string digest, IReadOnlyList<float[]> probabilities, LabelMatrix labels, IReadOnlyList<string> harmless, ThresholdGoal reviewGoal, ThresholdGoal blockGoal)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(harmless);
        var rules = new List<ModerationRule>();
        for (var label = 0; label < labels.Columns; label++)
        {
            if (harmless.Contains(labels.Names[label], StringComparer.Ordinal))
            {
                continue;
            }

            float[] scores = [.. probabilities.Select(row => row[label])];
            bool[] positives = [.. Enumerable.Range(0, labels.Rows).Select(row => labels[row, label])];
            var (review, reviewText) = Choose(scores, positives, reviewGoal);
            var (block, blockText) = Choose(scores, positives, blockGoal);
            rules.Add(new ModerationRule(labels.Names[label], Math.Min(review, block), block)
            {
                ChosenFor = $"review {reviewText}{(review > block ? ", lowered to the block threshold: nothing waits for review" : "")}; block {blockText}",
            });
        }

        return new ModerationPolicy { Name = name, Version = 1, Model = digest, Rules = rules };
    }

    private static (double Threshold, string Text) Choose(float[] scores, bool[] positives, ThresholdGoal goal)
    {
        try
        {
            var chosen = Thresholds.Choose(scores, positives, goal);
            return (chosen.Threshold, $"{goal}: precision {chosen.Precision:F3}, recall {chosen.Recall:F3} on held-out rows");
        }
        catch (TrainingException exception) when (exception.Error == TrainingError.UnsuitableData)
        {
            return (Thresholds.Never, $"{goal}: never, since no threshold reaches it on held-out rows");
        }
    }
}

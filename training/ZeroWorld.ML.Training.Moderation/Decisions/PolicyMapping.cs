using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Carries a policy over to a new model version, so that it flags as much of the same held-out texts as before.</summary>
public static class PolicyMapping
{
    /// <param name="digest">Of the new model.</param>
    /// <param name="texts">Held-out texts, at least 100; labels are not needed.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the new model lacks a label that a rule names. <see cref="TrainingError.UnsuitableData"/>: too few texts.</exception>
    public static ModerationPolicy Map(ModerationPolicy policy, ITextModel old, ITextModel next, string digest, IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(next);
        ArgumentNullException.ThrowIfNull(texts);
        var (oldScores, newScores) = (Scores(old, texts), Scores(next, texts));
        return policy with { Version = policy.Version + 1, Model = digest, Rules = [.. policy.Rules.Select(MapRule)] };

        ModerationRule MapRule(ModerationRule rule)
        {
            var before = oldScores[rule.Label];
            if (!newScores.TryGetValue(rule.Label, out var after))
            {
                throw new TrainingException(
                    TrainingError.InvalidInput, $"policy '{policy.Name}': the new model has no label '{rule.Label}'; it has {string.Join(", ", next.Labels)}.");
            }

            var review = Thresholds.Map(before, after, rule.Review);
            return rule with
            {
                Review = review,
                Block = Math.Max(review, Thresholds.Map(before, after, rule.Block)),
                ChosenFor = $"as many of {texts.Count} held-out texts as policy version {policy.Version} (review {rule.Review:G4}, block {rule.Block:G4})",
            };
        }
    }

    private static Dictionary<string, float[]> Scores(ITextModel model, IReadOnlyList<string> texts)
    {
        var all = model.ScoreMany(texts, new TextWorkspace());
        return Enumerable.Range(0, model.Labels.Count).ToDictionary(label => model.Labels[label], label => all.Select(text => text.Probabilities[label]).ToArray(), StringComparer.Ordinal);
    }
}

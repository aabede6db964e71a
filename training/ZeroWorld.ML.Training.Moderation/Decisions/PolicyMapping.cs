using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Carries a policy over to a new model version, so that as many of the same held-out texts are allowed, reviewed and blocked as before, in each language and on each surface that rules name.</summary>
/// <remarks>
/// Each rule starts with the thresholds that flag as many texts by its label as before. Where labels go together in one model and not in the other, that allows more or fewer texts in all, since the strictest action of all
/// labels counts; so the thresholds move from there, one at a time (<see cref="CombinedThresholds"/>). Where these texts leave room, a threshold stays what it was. Stateless and thread safe.
/// </remarks>
public static class PolicyMapping
{
    private const int TextsMin = 100;

    /// <param name="digest">Of the new model.</param>
    /// <param name="texts">Held-out texts, of which each rule decides about at least 100; labels are not needed. Where none names a language or a surface, each stands for all of them.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the new model lacks a label that a rule names. <see cref="TrainingError.UnsuitableData"/>: too few texts.</exception>
    public static MappedPolicy Map(ModerationPolicy policy, ITextModel old, ITextModel next, string digest, IReadOnlyList<HeldOutText> texts)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(next);
        ArgumentNullException.ThrowIfNull(texts);
        if (policy.Rules.FirstOrDefault(rule => !next.Labels.Contains(rule.Label, StringComparer.Ordinal)) is { } unknown)
        {
            throw new TrainingException(
                TrainingError.InvalidInput, $"policy '{policy.Name}': the new model has no label '{unknown.Label}'; it has {string.Join(", ", next.Labels)}.");
        }

        if (texts.Count < TextsMin)
        {
            throw new TrainingException(TrainingError.UnsuitableData, $"mapping of policy '{policy.Name}': {texts.Count} held-out texts; expected at least {TextsMin}.");
        }

        var scopes = PolicyScope.Of(policy, old.Labels, texts);
        foreach (var (place, rule) in policy.Rules.Index())
        {
            var reached = scopes.Where(scope => scope.Rules.Contains(place)).Sum(static scope => scope.Texts.Count);
            if (reached < TextsMin)
            {
                throw new TrainingException(
                    TrainingError.UnsuitableData,
                    $"mapping of policy '{policy.Name}': rules[{place}] (label '{rule.Label}', language '{rule.Language}', surface '{rule.Surface}') decides about {reached} of {texts.Count} held-out texts; expected at least {TextsMin}.");
            }
        }

        string[] all = [.. texts.Select(static text => text.Text)];
        var (before, after) = (Scores(policy, old, all), Scores(policy, next, all));
        var thresholds = new CombinedThresholds(policy.Rules, scopes, before, after);
        thresholds.Improve();
        thresholds.Settle();
        var mapped = policy with
        {
            Version = policy.Version + 1,
            Model = digest,
            Rules = [.. policy.Rules.Select((rule, place) => rule with
            {
                Review = thresholds.ReviewOf(place),
                Block = thresholds.BlockOf(place),
                ChosenFor = $"as many of {texts.Count} held-out texts allowed, reviewed and blocked as by policy version {policy.Version} (review {rule.Review:G4}, block {rule.Block:G4})",
            })],
        };
        return new MappedPolicy(mapped, [.. scopes.Select(thresholds.ConfusionOf)]);
    }

    // By rule, the probabilities of its label.
    private static float[][] Scores(ModerationPolicy policy, ITextModel model, IReadOnlyList<string> texts)
    {
        var scored = model.ScoreMany(texts, new TextWorkspace());
        var byLabel = Enumerable.Range(0, model.Labels.Count).ToDictionary(label => model.Labels[label], label => scored.Select(text => text.Probabilities[label]).ToArray(), StringComparer.Ordinal);
        return [.. policy.Rules.Select(rule => byLabel[rule.Label])];
    }
}

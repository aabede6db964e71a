namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Chooses the thresholds of a policy on texts that the model did not see. Stateless and thread safe.</summary>
public static class PolicyChoice
{
    /// <summary>So many held-out texts with a label, and as many without it, give a language or a surface thresholds of its own: of fewer their shares are chance.</summary>
    public const int RowsMin = 50;

    private const int ShownMax = 5;

    /// <summary>A rule for each label, and one more for each language, surface and both that have texts enough. A label whose goal cannot be reached is not acted on so strictly, and the rule says so.</summary>
    /// <param name="name">Of the policy.</param>
    /// <param name="digest">Of the model's package.</param>
    /// <param name="probabilities">Per text, per label.</param>
    /// <param name="data">The same texts.</param>
    /// <param name="harmless">Labels that get no rule.</param>
    public static ModerationPolicy Choose(
        string name, string digest, IReadOnlyList<float[]> probabilities, LabelledTexts data, IReadOnlyList<string> harmless, ThresholdGoal reviewGoal, ThresholdGoal blockGoal)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(harmless);
        var (labels, rules, scopes) = (data.Labels, new List<ModerationRule>(), ScopesOf(data));
        int[] all = [.. Enumerable.Range(0, labels.Rows)];
        for (var label = 0; label < labels.Columns; label++)
        {
            if (harmless.Contains(labels.Names[label], StringComparer.Ordinal))
            {
                continue;
            }

            var few = scopes.Where(scope => IsFew(scope.Rows, label)).ToArray();
            var whole = Choose(all, label);
            rules.Add(whole with { ChosenFor = $"{whole.ChosenFor}{Told(few, label)}" });
            rules.AddRange(scopes.Where(scope => !IsFew(scope.Rows, label)).Select(scope => Choose(scope.Rows, label) with { Language = scope.Language, Surface = scope.Surface }));
        }

        return new ModerationPolicy { Name = name, Version = 1, Model = digest, Rules = rules };

        int With(int[] rows, int label) => rows.Count(row => labels[row, label]);

        bool IsFew(int[] rows, int label) => With(rows, label) is var with && (with < RowsMin || rows.Length - with < RowsMin);

        string Told((string Language, string Surface, int[] Rows)[] few, int label) => few.Length == 0
            ? ""
            : $"; also for {string.Join("; ", few.Take(ShownMax).Select(scope => $"{NameOf(scope.Language, scope.Surface)} ({With(scope.Rows, label)} of {scope.Rows.Length} held-out rows have the label)"))}"
                + $"{(few.Length > ShownMax ? $" and {few.Length - ShownMax} more" : "")}: {RowsMin} with it and {RowsMin} without it give a rule";

        ModerationRule Choose(int[] rows, int label)
        {
            float[] scores = [.. rows.Select(row => probabilities[row][label])];
            bool[] positives = [.. rows.Select(row => labels[row, label])];
            var (review, _, reviewText) = PolicyChoice.Choose(scores, positives, reviewGoal);
            var (block, least, blockText) = PolicyChoice.Choose(scores, positives, blockGoal);

            // What could be blocked and is not, since no held-out row with the label scores so, is looked at.
            var lowered = least == block ? ", lowered to the block threshold: nothing waits for review" : $", lowered to the least threshold of {blockGoal}";
            return new ModerationRule(labels.Names[label], Math.Min(review, least), block)
            {
                ChosenFor = $"review {reviewText}{(review > least ? lowered : "")}; block {blockText}",
            };
        }
    }

    // Languages, surfaces, and both, with the rows of each; what is not known has no rule of its own.
    private static (string Language, string Surface, int[] Rows)[] ScopesOf(LabelledTexts data)
    {
        var rows = Enumerable.Range(0, data.Texts.Count);
        string LanguageOf(int row) => data.Languages?[row] ?? "";
        string SurfaceOf(int row) => data.Surfaces?[row] ?? "";
        return
        [
            .. rows.Where(row => LanguageOf(row).Length > 0).GroupBy(LanguageOf, StringComparer.Ordinal).OrderBy(static rows => rows.Key, StringComparer.Ordinal)
                .Select(static rows => (rows.Key, ModerationRule.Any, rows.ToArray())),
            .. rows.Where(row => SurfaceOf(row).Length > 0).GroupBy(SurfaceOf, StringComparer.Ordinal).OrderBy(static rows => rows.Key, StringComparer.Ordinal)
                .Select(static rows => (ModerationRule.Any, rows.Key, rows.ToArray())),
            .. rows.Where(row => LanguageOf(row).Length > 0 && SurfaceOf(row).Length > 0).GroupBy(row => (Language: LanguageOf(row), Surface: SurfaceOf(row)))
                .OrderBy(static rows => rows.Key.Language, StringComparer.Ordinal).ThenBy(static rows => rows.Key.Surface, StringComparer.Ordinal)
                .Select(static rows => (rows.Key.Language, rows.Key.Surface, rows.ToArray())),
        ];
    }

    private static string NameOf(string language, string surface) =>
        string.Join(", ", new[] { language == ModerationRule.Any ? null : $"language {language}", surface == ModerationRule.Any ? null : $"surface {surface}" }.OfType<string>());

    private static (double Threshold, double Least, string Text) Choose(float[] scores, bool[] positives, ThresholdGoal goal)
    {
        try
        {
            var chosen = Thresholds.Choose(scores, positives, goal);
            return (chosen.Threshold, chosen.Least, $"{goal}: precision {chosen.Precision:F3}, recall {chosen.Recall:F3} on held-out rows");
        }
        catch (TrainingException exception) when (exception.Error == TrainingError.UnsuitableData)
        {
            return (Thresholds.Never, Thresholds.Never, $"{goal}: never, since no threshold reaches it on held-out rows");
        }
    }
}

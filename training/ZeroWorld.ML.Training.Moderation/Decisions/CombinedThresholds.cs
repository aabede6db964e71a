namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Thresholds of a policy's rules for a new model, by which as many texts of each scope are allowed, reviewed and blocked as before.</summary>
/// <remarks>
/// Coordinate descent: of one threshold after the other the value is taken that costs least while all others stay. A changed action costs its steps (allow to block: two), and a scope's difference in the number of texts that are flagged,
/// or blocked, as much each as so many steps; the latter price rises from round to round, so that first the same texts and in the end as many of them are flagged. Deterministic; a threshold that is never reached stays.
/// </remarks>
internal sealed class CombinedThresholds
{
    // The last one is more than all texts can cost otherwise.
    private static readonly double[] Prices = [0.5, 2, 8, 32, 1e9];
    private const int RoundsMax = 20;

    private readonly IReadOnlyList<ModerationRule> _rules;
    private readonly IReadOnlyList<PolicyScope> _scopes;
    private readonly float[][] _after;
    private readonly double[] _review;
    private readonly double[] _block;
    private readonly bool[] _isReviewFixed;
    private readonly bool[] _isBlockFixed;

    // By scope: what each of its texts got before, and how many were flagged and blocked.
    private readonly ModerationAction[][] _before;
    private readonly int[] _flagged;
    private readonly int[] _blocked;

    /// <param name="before">By rule, the old model's probabilities of its label for each text.</param>
    /// <param name="after">By rule, the new model's.</param>
    public CombinedThresholds(IReadOnlyList<ModerationRule> rules, IReadOnlyList<PolicyScope> scopes, float[][] before, float[][] after)
    {
        (_rules, _scopes, _after) = (rules, scopes, after);
        (_review, _block) = (new double[rules.Count], new double[rules.Count]);
        (_isReviewFixed, _isBlockFixed) = (new bool[rules.Count], new bool[rules.Count]);
        for (var rule = 0; rule < rules.Count; rule++)
        {
            int[] texts = [.. scopes.Where(scope => scope.Rules.Contains(rule)).SelectMany(static scope => scope.Texts).Distinct()];
            float[] old = [.. texts.Select(text => before[rule][text])];
            float[] next = [.. texts.Select(text => after[rule][text])];
            _review[rule] = Thresholds.Map(old, next, rules[rule].Review);
            _block[rule] = Math.Max(_review[rule], Thresholds.Map(old, next, rules[rule].Block));
            _isReviewFixed[rule] = !old.Any(score => score >= rules[rule].Review);
            _isBlockFixed[rule] = !old.Any(score => score >= rules[rule].Block);
        }

        _before = [.. scopes.Select(scope => ActionsOf(scope, before, [.. rules.Select(static rule => rule.Review)], [.. rules.Select(static rule => rule.Block)]))];
        _flagged = [.. _before.Select(static actions => actions.Count(static action => action != ModerationAction.Allow))];
        _blocked = [.. _before.Select(static actions => actions.Count(static action => action == ModerationAction.Block))];
    }

    public double ReviewOf(int rule) => _review[rule];

    public double BlockOf(int rule) => _block[rule];

    public ActionConfusion ConfusionOf(PolicyScope scope)
    {
        var (counts, place) = (new int[9], _scopes.ToList().IndexOf(scope));
        var after = ActionsOf(scope, _after, _review, _block);
        for (var text = 0; text < after.Length; text++)
        {
            counts[((int)_before[place][text] * 3) + (int)after[text]]++;
        }

        return new ActionConfusion(scope.Name, counts);
    }

    /// <summary>Moves the thresholds until none that moves alone makes it cheaper.</summary>
    public void Improve()
    {
        foreach (var price in Prices)
        {
            var isMoved = true;
            for (var round = 0; isMoved && round < RoundsMax; round++)
            {
                isMoved = false;
                for (var rule = 0; rule < _review.Length; rule++)
                {
                    isMoved |= !_isReviewFixed[rule] && Move(rule, isBlock: false, price);
                    isMoved |= !_isBlockFixed[rule] && Move(rule, isBlock: true, price);
                }
            }
        }
    }

    /// <summary>Moves each threshold between the two scores where it lies: to what it was, if that lies there too, else to the middle. No action of these texts changes, and further texts are not all on one side of it.</summary>
    public void Settle()
    {
        for (var rule = 0; rule < _review.Length; rule++)
        {
            float[] scores = [.. _scopes.Where(scope => scope.Rules.Contains(rule)).SelectMany(static scope => scope.Texts).Select(text => _after[rule][text])];
            _review[rule] = Between(scores, _review[rule], _rules[rule].Review);
            _block[rule] = Math.Max(_review[rule], Between(scores, _block[rule], _rules[rule].Block));
        }
    }

    private static double Between(float[] scores, double threshold, double before)
    {
        var (below, from) = (double.NegativeInfinity, double.PositiveInfinity);
        foreach (var score in scores)
        {
            (below, from) = score < threshold ? (Math.Max(below, score), from) : (below, Math.Min(from, score));
        }

        return before > below && before <= from ? before : double.IsFinite(below) && double.IsFinite(from) ? Thresholds.Middle(below, from) : threshold;
    }

    private static ModerationAction[] ActionsOf(PolicyScope scope, float[][] scores, double[] review, double[] block)
    {
        var actions = new ModerationAction[scope.Texts.Count];
        foreach (var rule in scope.Rules)
        {
            for (var place = 0; place < actions.Length; place++)
            {
                var score = scores[rule][scope.Texts[place]];
                var action = score >= block[rule] ? ModerationAction.Block : score >= review[rule] ? ModerationAction.Review : ModerationAction.Allow;
                actions[place] = action > actions[place] ? action : actions[place];
            }
        }

        return actions;
    }

    // To the cheapest threshold while all others stay, if that is another one: from above all scores down, text after text is reached.
    private bool Move(int rule, bool isBlock, double price)
    {
        var (keys, entries) = EntriesOf(rule, isBlock);
        var current = isBlock ? _block[rule] : _review[rule];
        var (least, most) = isBlock ? (_review[rule], double.PositiveInfinity) : (0, _block[rule]);
        var cost = new ActionCost(price, _flagged, _blocked);
        foreach (var entry in entries)
        {
            cost.Add(entry.Scope, entry.Before, entry.Off, 1);
        }

        // Just above the greatest score no text is reached.
        var (threshold, chosen, next) = ((double)MathF.BitIncrement(keys[^1]), current, keys.Length);
        var (chosenCost, currentCost) = (double.PositiveInfinity, cost.Total);
        while (true)
        {
            currentCost = threshold >= current ? cost.Total : currentCost;
            (chosen, chosenCost) = cost.Total < chosenCost && threshold >= least && threshold <= most ? (threshold, cost.Total) : (chosen, chosenCost);
            if (next == 0)
            {
                break;
            }

            threshold = keys[next - 1];
            for (; next > 0 && keys[next - 1] == threshold; next--)
            {
                var (scope, before, off, on) = entries[next - 1];
                cost.Add(scope, before, off, -1);
                cost.Add(scope, before, on, 1);
            }
        }

        if (chosenCost >= currentCost)
        {
            return false;
        }

        (isBlock ? _block : _review)[rule] = chosen;
        return true;
    }

    // Each text that a rule decides about, by its score, with what it gets where the threshold is not reached and where it is.
    private (float[] Keys, Entry[] Entries) EntriesOf(int rule, bool isBlock)
    {
        var (keys, entries) = (new List<float>(), new List<Entry>());
        for (var place = 0; place < _scopes.Count; place++)
        {
            var scope = _scopes[place];
            if (!scope.Rules.Contains(rule))
            {
                continue;
            }

            // By all thresholds but the one that moves.
            var (review, block) = ((double[])_review.Clone(), (double[])_block.Clone());
            (isBlock ? block : review)[rule] = double.PositiveInfinity;
            var off = ActionsOf(scope, _after, review, block);
            for (var text = 0; text < off.Length; text++)
            {
                var on = isBlock ? ModerationAction.Block : off[text] > ModerationAction.Review ? off[text] : ModerationAction.Review;
                keys.Add(_after[rule][scope.Texts[text]]);
                entries.Add(new Entry(place, _before[place][text], off[text], on));
            }
        }

        var (sorted, sortedEntries) = (keys.ToArray(), entries.ToArray());
        Array.Sort(sorted, sortedEntries);
        return (sorted, sortedEntries);
    }

    private readonly record struct Entry(int Scope, ModerationAction Before, ModerationAction Off, ModerationAction On);
}

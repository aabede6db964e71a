namespace ZeroWorld.ML.Training.Moderation;

/// <summary>The held-out texts that one set of rules decides about.</summary>
/// <param name="Name">Languages and surfaces, for people.</param>
/// <param name="Rules">Places of the rules in the policy, one per label at most.</param>
/// <param name="Texts">Places of the texts.</param>
internal sealed record PolicyScope(string Name, IReadOnlyList<int> Rules, IReadOnlyList<int> Texts)
{
    /// <summary>The scopes of a policy, in the order of their first texts; of texts that no rule decides about there is none.</summary>
    /// <remarks>Where no text names a language or a surface, each stands for every language and surface that rules name.</remarks>
    public static IReadOnlyList<PolicyScope> Of(ModerationPolicy policy, IReadOnlyList<string> labels, IReadOnlyList<HeldOutText> texts)
    {
        var (places, names) = (policy.Rules.Index().ToDictionary(static pair => pair.Item, static pair => pair.Index), new List<(string Language, string Surface)>());
        var (languages, surfaces) = (Named(static rule => rule.Language), Named(static rule => rule.Surface));
        var areNamed = texts.Any(static text => text.Language.Length > 0 || text.Surface.Length > 0);
        var found = new Dictionary<string, (string Name, int[] Rules, List<int> Texts)>(StringComparer.Ordinal);
        if (!areNamed)
        {
            int[] all = [.. Enumerable.Range(0, texts.Count)];
            foreach (var language in languages.Append(""))
            {
                foreach (var surface in surfaces.Append(""))
                {
                    Add(language, surface, all);
                }
            }
        }
        else
        {
            for (var text = 0; text < texts.Count; text++)
            {
                Add(texts[text].Language, texts[text].Surface, [text]);
            }
        }

        return [.. found.Values.Where(static scope => scope.Rules.Length > 0).Select(static scope => new PolicyScope(scope.Name, scope.Rules, scope.Texts))];

        string[] Named(Func<ModerationRule, string> of) => [.. policy.Rules.Select(of).Where(static name => name != ModerationRule.Any).Distinct(StringComparer.Ordinal)];

        void Add(string language, string surface, IReadOnlyList<int> added)
        {
            int[] rules = [.. policy.RulesFor(labels, language, surface).Select(rule => places[rule])];
            var key = string.Join(',', rules);
            if (!found.TryGetValue(key, out var scope))
            {
                found[key] = scope = (NameOf(rules), rules, []);
            }

            scope.Texts.AddRange(areNamed || scope.Texts.Count == 0 ? added : []);
        }

        // What the rules name, since one set of them has one language and one surface at most; of those that name neither, the rest.
        string NameOf(int[] rules)
        {
            var named = rules.Select(place => policy.Rules[place]).ToArray();
            string[] parts =
            [
                .. named.Where(static rule => rule.Language != ModerationRule.Any).Select(static rule => $"language {rule.Language}").Take(1),
                .. named.Where(static rule => rule.Surface != ModerationRule.Any).Select(static rule => $"surface {rule.Surface}").Take(1),
            ];
            return parts.Length > 0 ? string.Join(", ", parts) : languages.Length + surfaces.Length > 0 ? "other" : "all";
        }
    }
}

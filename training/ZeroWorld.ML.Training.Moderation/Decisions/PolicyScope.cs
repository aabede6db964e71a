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
                found[key] = scope = (NameOf(language, surface), rules, []);
            }

            scope.Texts.AddRange(areNamed || scope.Texts.Count == 0 ? added : []);
        }

        string NameOf(string language, string surface)
        {
            var parts = new List<string>();
            if (languages.Length > 0)
            {
                parts.Add($"language {(languages.Contains(language, StringComparer.Ordinal) ? language : "other")}");
            }

            if (surfaces.Length > 0)
            {
                parts.Add($"surface {(surfaces.Contains(surface, StringComparer.Ordinal) ? surface : "other")}");
            }

            return parts.Count == 0 ? "all" : string.Join(", ", parts);
        }
    }
}

namespace ZeroWorld.ML.Testing;

/// <summary>Made texts of one language, hostile and harmless, with the words that somebody would hide: what is learned from and what is asked about have no template in common.</summary>
/// <param name="Language">Its code of ISO 639-3.</param>
/// <param name="Learned">Texts of the first half of the templates.</param>
/// <param name="Asked">Texts of the second half.</param>
public sealed record DisguiseTexts(string Language, IReadOnlyList<MadeText> Learned, IReadOnlyList<MadeText> Asked)
{
    private const string Chinese = "cmn";

    /// <summary>English and ten other languages, out of <c>Texts/disguises.txt</c>: settings are chosen by them.</summary>
    public static IReadOnlyList<DisguiseTexts> All { get; } = [.. Read("disguises.txt")];

    /// <summary>The same languages and Russian, out of <c>Texts/disguises-reported.txt</c>, with other words and templates; what is asked about has other groups, too. Nothing is chosen by them.</summary>
    public static IReadOnlyList<DisguiseTexts> Reported { get; } = [.. Read("disguises-reported.txt")];

    private static IEnumerable<DisguiseTexts> Read(string resource)
    {
        using var stream = typeof(DisguiseTexts).Assembly.GetManifestResourceStream(resource) ?? throw new InvalidOperationException($"The resource {resource} is absent.");
        using var reader = new StreamReader(stream);
        var (language, lines) = ("", new List<(string Kind, string Text)>());
        foreach (var line in reader.ReadToEnd().Split('\n').Append("[]").Where(static line => line.Length > 0 && line[0] != '#'))
        {
            if (line[0] != '[')
            {
                var parts = line.Split(": ", 2);
                lines.Add((parts[0], parts[1]));
                continue;
            }

            if (lines.Count > 0)
            {
                yield return Make(language, lines);
            }

            (language, lines) = (line.Trim('[', ']'), []);
        }
    }

    private static DisguiseTexts Make(string language, List<(string Kind, string Text)> lines)
    {
        string[] Of(string kind) => [.. lines.Where(line => line.Kind == kind).Select(static line => line.Text)];
        string[] ListOf(string list) => list.Split(" | ");
        var (groups, insults, kind) = (Of("g")[0].Split(" || "), ListOf(Of("i")[0]), ListOf(Of("n")[0]));
        var (hostile, harmless) = (Of("hostile"), Of("harmless"));
        IReadOnlyList<MadeText> Texts(Range half, string group) =>
        [
            .. Fill(language, hostile[half], ListOf(group), "{i}", insults, true),
            .. Fill(language, harmless[half], ListOf(group), "{n}", kind, false),
        ];
        var middle = hostile.Length / 2;
        return new DisguiseTexts(language, Texts(..middle, groups[0]), Texts(middle.., groups[^1]));
    }

    private static IEnumerable<MadeText> Fill(string language, string[] templates, string[] groups, string slot, string[] words, bool isHostile) =>
        from template in templates
        from groupName in groups
        from word in words
        let filled = template.Split(' ').Select(part => part.Replace("{g}", groupName, StringComparison.Ordinal).Replace(slot, word, StringComparison.Ordinal)).ToArray()
        where template.Contains(slot, StringComparison.Ordinal) || word == words[0]
        select new MadeText(
            [.. filled.Select(static part => part.TrimStart('*'))], [.. filled.Select(static part => part.StartsWith('*'))], language == Chinese ? "" : " ", isHostile);
}

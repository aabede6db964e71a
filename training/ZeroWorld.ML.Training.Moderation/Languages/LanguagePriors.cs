namespace ZeroWorld.ML.Training.Moderation;

/// <summary>How likely languages are before anything of a text is read: classes by use, so that a single word of a large language is not taken for one of a small neighbour.</summary>
/// <remarks>The classes are of common knowledge about use, not counted in any corpus. A sentence in a rare language outweighs them.</remarks>
internal static class LanguagePriors
{
    /// <summary>How far the classes lie apart: what <see cref="LanguageReproduction"/> chooses on held-out words, for words of which 49 of 50 are of languages in everyday use.</summary>
    public const float Strength = 2;

    private const float Rare = -2.5f;
    private const float Regional = -1.5f;

    private static readonly Dictionary<string, float> Logs = Of(
        (Rare, "ang arq arz awa cbk cha cor csb dsb dtp gsw hsb ido ile ina kzj lfn max mhr nov orv pam pms swg tzl war wuu"),
        (Regional, "ast ber bre ceb fao fry gla glg jav kab nds nya oci smo ton wol yue"));

    /// <summary>Whether a language starts behind those in everyday use.</summary>
    public static bool IsBehind(string language) => Logs.ContainsKey(language);

    /// <summary>Margins as they are, plus the priors in nats; languages in everyday use have 0.</summary>
    public static Calibration Of(IReadOnlyList<string> languages, float strength = Strength) =>
        Calibration.Identity(languages.Count) with { Offsets = [.. languages.Select(language => strength * Logs.GetValueOrDefault(language))] };

    private static Dictionary<string, float> Of(params (float Log, string Languages)[] classes) => classes
        .SelectMany(static one => one.Languages.Split(' ').Select(language => (language, one.Log))).ToDictionary(static pair => pair.language, static pair => pair.Log, StringComparer.Ordinal);
}

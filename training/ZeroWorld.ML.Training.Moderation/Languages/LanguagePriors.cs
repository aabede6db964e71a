namespace ZeroWorld.ML.Training.Moderation;

/// <summary>How likely languages are before anything of a text is read: three classes by use, so that a single word of a large language is not taken for one of a small neighbour.</summary>
/// <remarks>
/// The classes are of common knowledge about use, not counted in any corpus; their distances were chosen on words of declarations in 75 common languages, of which more are named rightly the farther
/// the classes lie apart. A sentence in a rare language outweighs them.
/// </remarks>
internal static class LanguagePriors
{
    private const float Rare = -5;
    private const float Regional = -3;
    private const float Between = -1.4f;

    private static readonly Dictionary<string, float> Logs = Of(
        (Rare, "ang arq arz awa cbk cha cor csb dsb dtp gsw hsb ido ile ina kzj lfn max mhr nov orv pam pms swg tzl war wuu"),
        (Regional, "ast ber bre ceb fao fry gla jav kab nds nya oci smo ton wol yue"),
        (Between, "glg"));

    /// <summary>In nats, beside languages in everyday use with 0.</summary>
    public static float LogOf(string language) => Logs.GetValueOrDefault(language);

    private static Dictionary<string, float> Of(params (float Log, string Languages)[] classes) => classes
        .SelectMany(static one => one.Languages.Split(' ').Select(language => (language, one.Log))).ToDictionary(static pair => pair.language, static pair => pair.Log, StringComparer.Ordinal);
}

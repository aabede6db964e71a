using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>How likely languages are before anything of a text is read, so that a single word of a large language is not taken for one of a small neighbour: of words that were not learned each is named as often as it is asked about.</summary>
/// <remarks>
/// Which languages are of small use is common knowledge, in no corpus; how far each starts behind is counted: one that no other is taken for starts nearer. Of languages in everyday use those of few texts, whose words are taken for others', start ahead.
/// </remarks>
internal sealed class LanguagePriors
{
    /// <summary>How much of all that is asked is of languages of small use: of 33 words one.</summary>
    public const double SmallShare = 0.03;

    /// <summary>Margins are that much surer than they are right.</summary>
    private const float Temperature = 2;

    private const int Rounds = 20;
    private const int WordsMin = 20;

    // What so many words say of a language counts half.
    private const float WordsHalf = 30;
    private const float Unknown = -4;
    private const float Most = 8;

    private static readonly HashSet<string> Small =
    [
        .. ("ang arq arz awa cbk cha cor csb dsb dtp gsw hsb ido ile ina kzj lfn max mhr nov orv pam pms swg tzl war wuu "
            + "ast ber bre ceb fao fry gla glg jav kab nds nya oci smo ton wol yue").Split(' '),
    ];

    private readonly IReadOnlyList<string> _languages;
    private readonly List<(float[] Margins, int Language)> _questions = [];
    private readonly int[] _words;

    public LanguagePriors(IReadOnlyList<string> languages) => (_languages, _words) = (languages, new int[languages.Count]);

    /// <summary>Whether a language is of small use: regional, constructed, ancient, a dialect.</summary>
    public static bool IsSmall(string language) => Small.Contains(LanguageScripts.LanguageOf(language));

    /// <summary>Margins of a word, or of several, that were not learned.</summary>
    /// <param name="isWord">Whether it is a single one.</param>
    public void Ask(ReadOnlySpan<float> margins, int language, bool isWord)
    {
        _questions.Add(([.. margins], language));
        _words[language] += isWord ? 1 : 0;
    }

    /// <summary>Offsets in nats of the margins by which each language is named as often as it is asked about, where languages of small use are asked about so often.</summary>
    /// <param name="smallShare">Of all that is asked, above 0; <see langword="null"/>: all languages alike. Languages that nothing was asked of have what is usual for their kind.</param>
    public float[] Offsets(double? smallShare)
    {
        var asked = _languages.Select((_, place) => _words[place] >= WordsMin).ToArray();
        var small = _languages.Select(IsSmall).ToArray();

        // A language that is written in two alphabets is asked about as often as others are, in each of them half as often.
        var parts = _languages.Select(one => 1.0 / _languages.Count(other => LanguageScripts.LanguageOf(other) == LanguageScripts.LanguageOf(one))).ToArray();
        var targets = Targets(asked, small, parts, smallShare);
        var offsets = new float[_languages.Count];
        var (named, one) = (new double[offsets.Length], new float[offsets.Length]);
        var each = targets.Select((target, place) => target / Math.Max(1, _questions.Count(question => question.Language == place))).ToArray();
        for (var round = 0; round < Rounds && targets.Any(static target => target > 0); round++)
        {
            Array.Clear(named);
            foreach (var (margins, language) in _questions)
            {
                TensorPrimitives.Add<float>(margins, offsets, one);
                TensorPrimitives.Multiply(one, 1 / Temperature, one);
                Calibration.Softmax(one);
                for (var place = 0; place < one.Length && each[language] > 0; place++)
                {
                    named[place] += each[language] * one[place];
                }
            }

            for (var place = 0; place < offsets.Length; place++)
            {
                offsets[place] = targets[place] > 0 ? Math.Clamp(offsets[place] + (Temperature * (float)Math.Log(targets[place] / named[place])), -Most, Most) : offsets[place];
            }
        }

        for (var place = 0; place < offsets.Length; place++)
        {
            var isBehind = small[place] && smallShare is not null;
            offsets[place] = !asked[place] ? (isBehind ? Unknown : 0) : isBehind ? offsets[place] : offsets[place] * _words[place] / (_words[place] + WordsHalf);
        }

        return offsets;
    }

    private static double[] Targets(bool[] asked, bool[] small, double[] parts, double? smallShare)
    {
        double Count(bool isSmall) => asked.Select((isAsked, place) => isAsked && (small[place] == isSmall || smallShare is null) ? parts[place] : 0).Sum();
        var (smalls, others) = (Count(true), Count(false));
        var share = smallShare is null || others == 0 ? 1 : smalls == 0 ? 0 : smallShare.Value;
        return [.. asked.Select((isAsked, place) => !isAsked ? 0 : parts[place] * (small[place] || smallShare is null ? share / smalls : (1 - share) / others))];
    }
}

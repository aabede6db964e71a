namespace ZeroWorld.ML.Features;

/// <summary>What rule 2 of folding knows of scripts: digits that stand for letters of Arabic and Devanagari, and which code points of the Indic scripts are no letter of their own. Pure functions.</summary>
internal static class ScriptRules
{
    private const uint IndicFirst = 0x900;
    private const uint IndicLast = 0xD7F;
    private const uint BlockMask = 0x7F;
    private const uint Virama = 0x4D;

    // By digit, 0 for none: the Arabic chat alphabet (https://en.wikipedia.org/wiki/Arabic_chat_alphabet), and Devanagari letters that digits look like.
    private static readonly uint[] Arabic = [0, 0, 0x623, 0x639, 0x630, 0x62E, 0x637, 0x62D, 0x642, 0x635];
    private static readonly uint[] Devanagari = [0x920, 0, 0x930, 0x909, 0, 0, 0, 0, 0, 0x917];

    /// <summary>The letters that digits of a chunk stand for, by digit: those of its first letter's script; none in a chunk that has a letter of ASCII, whose digits stand for such.</summary>
    public static ReadOnlySpan<uint> LettersOfDigits(ReadOnlySpan<uint> chunk)
    {
        ReadOnlySpan<uint> letters = [];
        foreach (var code in chunk)
        {
            if (code < 0x80)
            {
                if (char.IsAsciiLetter((char)code))
                {
                    return [];
                }
            }
            else if (letters.IsEmpty && DigitOf(code) < 0)
            {
                letters = code switch { >= 0x620 and <= 0x6FF => Arabic, >= 0x900 and <= 0x97F => Devanagari, _ => [] };
            }
        }

        return letters;
    }

    /// <summary>The value of a digit of ASCII, Arabic, Persian or Devanagari; -1 for everything else.</summary>
    public static int DigitOf(uint code) => code switch
    {
        >= '0' and <= '9' => (int)(code - '0'),
        >= 0x660 and <= 0x669 => (int)(code - 0x660),
        >= 0x6F0 and <= 0x6F9 => (int)(code - 0x6F0),
        >= 0x966 and <= 0x96F => (int)(code - 0x966),
        _ => -1,
    };

    /// <summary>Whether folded code points of an Indic script are one letter as it is written: a consonant with others behind a virama, its vowel sign and other signs.</summary>
    public static bool IsOneLetter(ReadOnlySpan<uint> codes)
    {
        if (codes.Length < 2 || codes[0] is < IndicFirst or > IndicLast)
        {
            return false;
        }

        for (var place = 1; place < codes.Length; place++)
        {
            var isJoined = codes[place - 1] is >= IndicFirst and <= IndicLast && (codes[place - 1] & BlockMask) == Virama;
            if (!isJoined && !IsSign(codes[place]))
            {
                return false;
            }
        }

        return true;
    }

    // The blocks of the Indic scripts are laid out alike: signs of nasals and breath, nukta, vowel signs and virama, accents, two more vowel signs.
    private static bool IsSign(uint code) => code is >= IndicFirst and <= IndicLast
        && (code & BlockMask) is (>= 0x01 and <= 0x03) or (>= 0x3A and <= 0x3C) or (>= 0x3E and <= 0x4F) or (>= 0x51 and <= 0x57) or (>= 0x62 and <= 0x63);
}

namespace ZeroWorld.ML.Features;

/// <summary>What becomes of a code unit that stands for one code point, becomes one, and says nothing about its neighbours. The default is none.</summary>
/// <param name="Bits">The folded code point, and flags from the highest bit on.</param>
internal readonly record struct PlainCode(uint Bits)
{
    public const uint PlainFlag = 1U << 31;
    public const uint LetterFlag = 1U << 30;
    public const uint InvisibleFlag = 1U << 29;
    public const uint MarkFlag = 1U << 28;

    // Of ASCII alone.
    public const uint CapitalFlag = 1U << 27;
    public const uint DigitFlag = 1U << 26;
    public const uint ExclamationFlag = 1U << 25;

    public const uint RareFlags = InvisibleFlag | CapitalFlag | DigitFlag | ExclamationFlag;

    public const uint FoldedMask = 0x1F_FFFF;

    public PlainCode(uint folded, bool isLetter, bool isInvisible, bool isMark)
        : this(PlainFlag | folded | (isLetter ? LetterFlag : 0) | (isInvisible ? InvisibleFlag : 0) | (isMark ? MarkFlag : 0))
    {
    }

    public bool IsPlain => (Bits & PlainFlag) != 0;

    /// <summary>Whether it is a mark, of which only some stay in a row.</summary>
    public bool IsMark => (Bits & MarkFlag) != 0;

    /// <summary>1 for a letter that is no mark.</summary>
    public uint Letters => (Bits / LetterFlag) & 1;

    /// <summary>1 for an invisible character.</summary>
    public int Invisibles => (int)((Bits / InvisibleFlag) & 1);

    public uint Folded => Bits & FoldedMask;

    /// <summary>A code unit of ASCII. Control characters become a space; '&amp;' is none, since it may begin an entity.</summary>
    public static PlainCode OfAscii(char unit) => unit switch
    {
        '&' => default,
        <= ' ' => new PlainCode(PlainFlag | TextNormalizer.Space),
        _ => new PlainCode(PlainFlag | char.ToLowerInvariant(unit) | (char.IsAsciiLetter(unit) ? LetterFlag : 0) | (char.IsAsciiLetterUpper(unit) ? CapitalFlag : 0)
            | (char.IsAsciiDigit(unit) ? DigitFlag : 0) | (unit == '!' ? ExclamationFlag : 0)),
    };
}

namespace ZeroWorld.ML.Features;

/// <summary>What becomes of a code unit that stands for one code point, becomes one, and says nothing about its neighbours. The default is none.</summary>
internal readonly struct PlainCode
{
    private const uint PlainFlag = 1U << 31;
    private const int LetterShift = 30;
    private const int InvisibleShift = 29;
    private const uint MarkFlag = 1U << 28;
    private const uint FoldedMask = 0x1F_FFFF;

    private readonly uint _bits;

    public PlainCode(uint folded, bool isLetter, bool isInvisible, bool isMark) =>
        _bits = PlainFlag | folded | ((isLetter ? 1U : 0) << LetterShift) | ((isInvisible ? 1U : 0) << InvisibleShift) | (isMark ? MarkFlag : 0);

    public bool IsPlain => (_bits & PlainFlag) != 0;

    /// <summary>Whether it is a mark, of which only some stay in a row.</summary>
    public bool IsMark => (_bits & MarkFlag) != 0;

    /// <summary>1 for a letter that is no mark.</summary>
    public uint Letters => (_bits >> LetterShift) & 1;

    /// <summary>1 for an invisible character.</summary>
    public int Invisibles => (int)((_bits >> InvisibleShift) & 1);

    public uint Folded => _bits & FoldedMask;
}

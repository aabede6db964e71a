using System.Globalization;

namespace ZeroWorld.ML.Features;

/// <summary>The tables of version 1: what each code point is folded to. Immutable; independent of the runtime's own Unicode data.</summary>
internal sealed class UnicodeFolding
{
    /// <summary>Code points above are left as they are: they have no entry in the tables.</summary>
    private const int CodePoints = 0x20000;

    /// <summary>No code point from here on is part of a word.</summary>
    public const int WordCodes = 0x32000;

    private const byte LetterFlag = 1;
    private const byte MarkFlag = 2;
    private const byte IdeographFlag = 4;
    private const byte InvisibleFlag = 8;

    private readonly int[] _normalized = new int[CodePoints];
    private readonly int[] _skeleton = new int[CodePoints];
    private readonly byte[] _flags = new byte[CodePoints];
    private readonly byte[] _words = new byte[WordCodes + 1];
    private readonly PlainCode[] _plain = new PlainCode[char.MaxValue + 1];
    private readonly uint[] _sequences;
    private readonly Dictionary<long, uint> _compositions = [];
    private readonly Dictionary<uint, (uint Start, uint Mark)> _decompositions = [];

    private UnicodeFolding(IEnumerable<string> lines)
    {
        var sequences = new List<uint>();
        foreach (var line in lines)
        {
            if (line.StartsWith('#'))
            {
                continue;
            }

            var parts = line.Split(' ').Skip(1).Select(static part => uint.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            switch (line[0])
            {
                case 'n':
                    Add(_normalized, parts, sequences);
                    break;
                case 's':
                    Add(_skeleton, parts, sequences);
                    break;
                case 'c':
                    _compositions[((long)parts[0] << 32) | parts[1]] = parts[2];
                    _decompositions[parts[2]] = (parts[0], parts[1]);
                    break;
                default:
                    Mark(parts[0], parts[1], line[0] == 'm' ? MarkFlag : LetterFlag);
                    break;
            }
        }

        // Scripts without spaces between words: each sign is a word of its own.
        foreach (var (first, last) in (ReadOnlySpan<(uint, uint)>)[(0x2E80, 0x2FDF), (0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)])
        {
            Mark(first, last, IdeographFlag | LetterFlag);
        }

        foreach (var (first, last) in (ReadOnlySpan<(uint, uint)>)
            [(0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x180B, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)])
        {
            Mark(first, last, InvisibleFlag);
        }

        for (var code = 0; code < 0x80; code++)
        {
            _flags[code] = char.IsAsciiLetterOrDigit((char)code) ? LetterFlag : (byte)0;
        }

        _sequences = [.. sequences];
        SetPlain();
        SetWords();
    }

    public static UnicodeFolding Default { get; } = Load();

    /// <summary>What NFKC and case folding make of one code point: itself where the answer is <see langword="false"/>.</summary>
    public bool TryNormalize(uint code, out ReadOnlySpan<uint> folded) => TryFind(_normalized, code, out folded);

    /// <summary>What NFKC and case folding make of a code unit that needs no look at its neighbours; none of a space that is none of ASCII, of half of a pair, of what may be composed, become several, or begin an entity, a link or a mention.</summary>
    /// <remarks>Of ASCII it is for whole vectors, which look for spaces, links and mentions themselves.</remarks>
    public PlainCode PlainOf(char unit) => _plain[unit];

    /// <summary><see cref="PlainOf"/> of every code unit.</summary>
    public ReadOnlySpan<PlainCode> Plain => _plain;

    /// <summary>Of code points up to <see cref="WordCodes"/>, which stands for all further ones: 1 for a letter, digit or mark on one (<see cref="IsWord"/>), 2 more for one that is no ideograph, 4 for an apostrophe that is none of ASCII.</summary>
    public ReadOnlySpan<byte> Words => _words;

    /// <summary>The skeleton of a normalised code point; an empty one is dropped.</summary>
    public bool TrySkeleton(uint code, out ReadOnlySpan<uint> skeleton) => TryFind(_skeleton, code, out skeleton);

    public bool TryCompose(uint start, uint mark, out uint composed) => _compositions.TryGetValue(((long)start << 32) | mark, out composed);

    /// <summary>What a small letter with a mark is composed of.</summary>
    public bool TryDecompose(uint code, out uint start, out uint mark)
    {
        var isKnown = _decompositions.TryGetValue(code, out var parts);
        (start, mark) = parts;
        return isKnown;
    }

    public bool IsMark(uint code) => code < CodePoints && (_flags[code] & MarkFlag) != 0;

    /// <summary>Letters, digits and the marks on them.</summary>
    public bool IsWord(uint code) => code < CodePoints ? (_flags[code] & LetterFlag) != 0 : code is >= 0x20000 and < 0x32000;

    public bool IsIdeograph(uint code) => code < CodePoints ? (_flags[code] & IdeographFlag) != 0 : code is >= 0x20000 and < 0x32000;

    public bool IsWordButNoIdeograph(uint code) => code < CodePoints && (_flags[code] & (LetterFlag | IdeographFlag)) == LetterFlag;

    public bool IsInvisible(uint code) => code < CodePoints ? (_flags[code] & InvisibleFlag) != 0 : code is >= 0xE0000 and <= 0xE01EF;

    private static UnicodeFolding Load()
    {
        using var stream = typeof(UnicodeFolding).Assembly.GetManifestResourceStream("unicode-folding.txt")!;
        using var reader = new StreamReader(stream);
        return new UnicodeFolding(reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static void Add(int[] table, uint[] parts, List<uint> sequences)
    {
        // Place and length in one number; 0 stands for "itself".
        table[parts[0]] = ((sequences.Count + 1) << 3) | (parts.Length - 1);
        sequences.AddRange(parts.AsSpan(1));
    }

    private void Mark(uint first, uint last, byte flag)
    {
        for (var code = first; code <= last && code < CodePoints; code++)
        {
            _flags[code] |= flag;
        }
    }

    private void SetWords()
    {
        for (var code = 0U; code < WordCodes; code++)
        {
            _words[code] = (byte)((IsWord(code) ? 1 : 0) | (IsWordButNoIdeograph(code) ? 2 : 0) | (code == 0x2019 ? 4 : 0));
        }
    }

    private void SetPlain()
    {
        for (var code = '\0'; code < 0x80; code++)
        {
            _plain[code] = PlainCode.OfAscii(code);
        }

        var composing = _compositions.Keys.Select(static pair => (uint)pair).ToHashSet();
        for (var code = 0x80U; code < _plain.Length; code++)
        {
            ReadOnlySpan<uint> folded = TryNormalize(code, out var sequence) ? sequence : [code];
            if (!char.IsSurrogate((char)code) && !TextNormalizer.IsSpace(code) && !composing.Contains(code) && folded is [var one] && one is not (' ' or '@' or 'h' or 't' or 'w'))
            {
                _plain[code] = new PlainCode(one, IsWord(code) && !IsMark(code), IsInvisible(code) && !IsMark(code), IsMark(code));
            }
        }
    }

    private bool TryFind(int[] table, uint code, out ReadOnlySpan<uint> sequence)
    {
        var entry = code < CodePoints ? table[code] : 0;
        sequence = entry == 0 ? default : _sequences.AsSpan((entry >> 3) - 1, entry & 7);
        return entry != 0;
    }
}

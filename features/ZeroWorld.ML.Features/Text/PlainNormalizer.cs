using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Features;

/// <summary>The part of <see cref="TextNormalizer"/> that most texts consist of: code units that become one code point each. ASCII up to the first '&amp;', which may begin an entity, sixteen at once; others eight at once, by <see cref="UnicodeFolding.PlainOf"/>.</summary>
internal ref struct PlainNormalizer
{
    private const int Width = 16;
    private const int Lanes = 8;
    private const byte Space = (byte)TextNormalizer.Space;
    private const byte CaseBit = 0x20;

    // So that no tally of 16 bits overflows.
    private const int LengthMax = 32_768;

    private static readonly byte[] Folded = MakeFolded();
    private static readonly ulong[] Tallies = MakeTallies();

    private readonly ReadOnlySpan<char> _text;
    private readonly int _origin;
    private readonly CodeBuffer _buffer;
    private readonly Span<uint> _codes;
    private readonly Span<int> _origins;

    // Code units taken, code points written, place of the first one of the chunk that is open, and 16 bits each for letters, capitals, digits and exclamation marks.
    private int _place;
    private int _count;
    private int _start;
    private ulong _tallies;

    // Invisible characters, and marks in a row at the end.
    private int _invisible;
    private int _marks;

    private PlainNormalizer(ReadOnlySpan<char> text, int origin, CodeBuffer buffer, int marks)
    {
        _marks = marks;
        _text = text[..Math.Min(text.Length, LengthMax)];
        (_origin, _buffer, _count) = (origin, buffer, buffer.Count);
        buffer.Reserve(_text.Length, out _codes, out _origins);
        _start = buffer.Last == TextNormalizer.Space ? _count : _codes[.._count].LastIndexOf(TextNormalizer.Space) + 1;
    }

    /// <summary>Appends the beginning of a text, as far as it is such; behind the last chunk, if that needs no look, a space.</summary>
    /// <param name="text">Up to its end.</param>
    /// <param name="origin">Place of the text's first code unit.</param>
    /// <param name="marks">Marks in a row before it, and then at its end.</param>
    /// <returns>UTF-16 code units taken.</returns>
    public static int Append(ReadOnlySpan<char> text, int origin, CodeBuffer buffer, ref int marks, ref TextShape shape)
    {
        if (text[0] == '&' || (text[0] >= 0x80 && !UnicodeFolding.Default.PlainOf(text[0]).IsPlain))
        {
            return 0;
        }

        var run = new PlainNormalizer(text, origin, buffer, marks);
        do
        {
            do
            {
                run.AppendVectors();
            }
            while (run.AppendMixed());
        }
        while (run.AppendOthers() || run.AppendChunk(ref shape));

        if (run._place == text.Length)
        {
            run.End();
        }

        buffer.Truncate(run._count);
        marks = run._marks;
        shape.Letters += (int)(run._tallies & 0xFFFF);
        shape.Capitals += (int)((run._tallies >> 16) & 0xFFFF);
        shape.Digits += (int)((run._tallies >> 32) & 0xFFFF);
        shape.Exclamations += (int)(run._tallies >> 48);
        shape.Invisible += run._invisible;
        return run._place;
    }

    /// <summary>Takes whole vectors up to what needs a look: no ASCII, an '&amp;', a second space, a chunk that may be a link or a mention.</summary>
    private void AppendVectors()
    {
        if (_place == _text.Length || _text[_place] >= 0x80 || !IsOrdinary(_codes[_start.._count]))
        {
            return;
        }

        Span<char> last = stackalloc char[Width];
        ref var text = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(_text));
        var (place, count, start, tallies, taken) = (_place, _count, _start, _tallies, Width);

        // What was taken but for the last code unit ended at one whose neighbour the next vector has.
        while (place < _text.Length && taken >= Width - 1)
        {
            scoped ref var units = ref Unsafe.Add(ref text, place);
            if (_text.Length - place < Width)
            {
                // The end of the text with what ends a vector behind it.
                last.Fill('&');
                _text[place..].CopyTo(last);
                units = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(last));
            }

            var low = Vector128.LoadUnsafe(ref units);
            var high = Vector128.LoadUnsafe(ref units, (nuint)Vector128<ushort>.Count);
            var codes = Vector128.NarrowWithSaturation(low, high);
            var letters = Vector128.LessThanOrEqual((codes | Vector128.Create(CaseBit)) - Vector128.Create((byte)'a'), Vector128.Create((byte)('z' - 'a')));
            var capitals = Vector128.AndNot(letters, Vector128.Equals(codes & Vector128.Create(CaseBit), Vector128.Create(CaseBit)));
            var digits = Vector128.LessThanOrEqual(codes - Vector128.Create((byte)'0'), Vector128.Create((byte)9));
            var folded = Vector128.Max(codes | (capitals & Vector128.Create(CaseBit)), Vector128.Create(Space));

            var spaces = Bits(folded, Space);
            var behind = (spaces << 1) | (count == start ? 1u : 0);
            var ends = (codes | Vector128.Equals(codes, Vector128.Create((byte)'&'))).ExtractMostSignificantBits();
            var (h, t, w) = (Bits(folded, (byte)'h'), Bits(folded, (byte)'t'), Bits(folded, (byte)'w'));
            const uint Beyond = 1u << (Width - 1);
            var odd = Bits(folded, (byte)'@') | (h & ((t >> 1) | Beyond)) | (w & ((w >> 1) | Beyond)) | spaces;
            taken = BitOperations.TrailingZeroCount(ends | (behind & odd) | (1u << Width));

            Write(folded, _origin + place, _codes[count..], _origins[count..]);
            var mask = (1u << taken) - 1;
            spaces &= mask;
            start = spaces == 0 ? start : count + 1 + BitOperations.Log2(spaces);
            tallies += (uint)BitOperations.PopCount(letters.ExtractMostSignificantBits() & mask)
                | ((ulong)BitOperations.PopCount(capitals.ExtractMostSignificantBits() & mask) << 16)
                | ((ulong)BitOperations.PopCount(digits.ExtractMostSignificantBits() & mask) << 32)
                | ((ulong)BitOperations.PopCount(Bits(codes, (byte)'!') & mask) << 48);
            Advance(taken, Width, ref place, ref count);
        }

        _marks = place > _place ? 0 : _marks;
        (_place, _count, _start, _tallies) = (place, count, start, tallies);
    }

    /// <summary>Takes eight code units at once, of ASCII or not, up to what needs a look: not plain, an '&amp;', a second space, a chunk that may be a link or a mention, too many marks.</summary>
    /// <returns>Whether it took eight of ASCII, which <see cref="AppendVectors"/> takes faster.</returns>
    private bool AppendMixed()
    {
        if (_place == _text.Length || !IsOrdinary(_codes[_start.._count]))
        {
            return false;
        }

        Span<char> last = stackalloc char[Lanes];
        ref var text = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(_text));
        ref var table = ref Unsafe.As<PlainCode, uint>(ref MemoryMarshal.GetReference(UnicodeFolding.Default.Plain));
        var (place, count, start, tallies, invisible, taken, isAscii) = (_place, _count, _start, _tallies, _invisible, Lanes, false);

        // Three bits for the code points before, the newest the highest.
        var marksBefore = (0b111u << (TextNormalizer.MarksMax - Math.Min(_marks, TextNormalizer.MarksMax))) & 0b111;
        while (place < _text.Length && taken >= Lanes - 1 && !isAscii)
        {
            scoped ref var units = ref Unsafe.Add(ref text, place);
            if (_text.Length - place < Lanes)
            {
                // The end of the text with what ends a vector behind it.
                last.Fill('&');
                _text[place..].CopyTo(last);
                units = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(last));
            }

            var entries = Vector256.Create(
                Unsafe.Add(ref table, units), Unsafe.Add(ref table, Unsafe.Add(ref units, 1)), Unsafe.Add(ref table, Unsafe.Add(ref units, 2)), Unsafe.Add(ref table, Unsafe.Add(ref units, 3)),
                Unsafe.Add(ref table, Unsafe.Add(ref units, 4)), Unsafe.Add(ref table, Unsafe.Add(ref units, 5)), Unsafe.Add(ref table, Unsafe.Add(ref units, 6)), Unsafe.Add(ref table, Unsafe.Add(ref units, 7)));
            var folded = entries & Vector256.Create(PlainCode.FoldedMask);

            var spaces = Bits(folded, Space);
            var behind = (spaces << 1) | (count == start ? 1u : 0);
            var (h, t, w) = (Bits(folded, 'h'), Bits(folded, 't'), Bits(folded, 'w'));
            const uint Beyond = 1u << (Lanes - 1);
            var odd = Bits(folded, '@') | (h & ((t >> 1) | Beyond)) | (w & ((w >> 1) | Beyond)) | spaces;
            var marks = (BitsOf(entries, PlainCode.MarkFlag) << TextNormalizer.MarksMax) | marksBefore;
            var dropped = marks & (marks >> 1) & (marks >> 2) & (marks >> 3);
            taken = BitOperations.TrailingZeroCount(~entries.ExtractMostSignificantBits() | (behind & odd) | dropped | (1u << Lanes));

            folded.StoreUnsafe(ref MemoryMarshal.GetReference(_codes.Slice(count, Lanes)));
            (Vector256.Create(_origin + place) + Vector256<int>.Indices).StoreUnsafe(ref MemoryMarshal.GetReference(_origins.Slice(count, Lanes)));
            var mask = (1u << taken) - 1;
            spaces &= mask;
            start = spaces == 0 ? start : count + 1 + BitOperations.Log2(spaces);
            marksBefore = (marks >> taken) & 0b111;
            tallies += (uint)BitOperations.PopCount(BitsOf(entries, PlainCode.LetterFlag) & mask);
            if ((entries & Vector256.Create(PlainCode.RareFlags)) != Vector256<uint>.Zero)
            {
                tallies += ((ulong)BitOperations.PopCount(BitsOf(entries, PlainCode.CapitalFlag) & mask) << 16)
                    | ((ulong)BitOperations.PopCount(BitsOf(entries, PlainCode.DigitFlag) & mask) << 32)
                    | ((ulong)BitOperations.PopCount(BitsOf(entries, PlainCode.ExclamationFlag) & mask) << 48);
                invisible += BitOperations.PopCount(BitsOf(entries, PlainCode.InvisibleFlag) & mask);
            }

            isAscii = taken == Lanes && Vector128.LessThanAll(Vector128.LoadUnsafe(ref units), Vector128.Create((ushort)0x80));
            Advance(taken, Lanes, ref place, ref count);
        }

        _marks = place > _place ? BitOperations.LeadingZeroCount(~(marksBefore << 29)) : _marks;
        (_place, _count, _start, _tallies, _invisible) = (place, count, start, tallies, invisible);
        return isAscii;
    }

    /// <summary>Takes what is none of ASCII, and single spaces between, up to what needs a look: what a vector left.</summary>
    /// <returns>Whether it took any and there is more to take.</returns>
    private bool AppendOthers()
    {
        var (place, count, marks, folding) = (_place, _count, _marks, UnicodeFolding.Default);
        for (; place < _text.Length; place++)
        {
            var unit = _text[place];
            if (unit == Space)
            {
                if (place == _place || count == _start || !IsOrdinary(_codes[_start..count]))
                {
                    break;
                }

                _codes[count] = Space;
                _origins[count++] = _origin + place;
                (_start, marks) = (count, 0);
                continue;
            }

            var plain = unit < 0x80 ? default : folding.PlainOf(unit);
            if (!plain.IsPlain || (plain.IsMark && marks >= TextNormalizer.MarksMax))
            {
                break;
            }

            marks = plain.IsMark ? marks + 1 : 0;
            _tallies += plain.Letters;
            _invisible += plain.Invisibles;
            _codes[count] = plain.Folded;
            _origins[count++] = _origin + place;
        }

        var isTaken = place > _place;
        (_place, _count, _marks) = (place, count, marks);
        return isTaken && place < _text.Length;
    }

    // What TextNormalizer.Break does, of a chunk that is neither a link nor a mention.
    private void End()
    {
        if (_count > _start && IsOrdinary(_codes[_start.._count]))
        {
            _codes[_count] = Space;
            _origins[_count++] = _origin + _place;
        }
    }

    // Mostly a whole vector is taken: the processor guesses that, and begins with the next before it is sure.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Advance(int taken, int whole, ref int place, ref int count)
    {
        if (taken == whole)
        {
            place += whole;
            count += whole;
            return;
        }

        place += taken;
        count += taken;
    }

    private static uint Bits(Vector256<uint> codes, uint code) => Vector256.Equals(codes, Vector256.Create(code)).ExtractMostSignificantBits();

    private static uint BitsOf(Vector256<uint> entries, uint flag) => (entries << BitOperations.LeadingZeroCount(flag)).ExtractMostSignificantBits();

    private static uint Bits(Vector128<byte> codes, byte code) => Vector128.Equals(codes, Vector128.Create(code)).ExtractMostSignificantBits();

    private static void Write(Vector128<byte> folded, int origin, Span<uint> codes, Span<int> origins)
    {
        var (low, high) = Vector128.Widen(folded);
        var (first, second) = Vector128.Widen(low);
        var (third, fourth) = Vector128.Widen(high);
        ref var code = ref MemoryMarshal.GetReference(codes[..Width]);
        first.StoreUnsafe(ref code);
        second.StoreUnsafe(ref code, 4);
        third.StoreUnsafe(ref code, 8);
        fourth.StoreUnsafe(ref code, 12);
        ref var at = ref MemoryMarshal.GetReference(origins[..Width]);
        var places = Vector128.Create(origin) + Vector128<int>.Indices;
        for (nuint lane = 0; lane < Width; lane += 4)
        {
            (places + Vector128.Create((int)lane)).StoreUnsafe(ref at, lane);
        }
    }

    /// <summary>Takes one code unit after the other up to the end of the chunk, or further spaces.</summary>
    /// <returns>Whether there is more to take.</returns>
    private bool AppendChunk(ref TextShape shape)
    {
        var (place, count, tallies) = (_place, _count, _tallies);
        var isEnd = false;
        for (var isChunk = true; isChunk && place < _text.Length; place++)
        {
            var unit = _text[place];
            var code = unit < 0x80 ? Folded[unit] : (byte)0;
            if (code is 0)
            {
                // What is none of ASCII and no mark goes on, for sure.
                var plain = unit < 0x80 ? default : UnicodeFolding.Default.PlainOf(unit);
                isEnd = !plain.IsPlain || plain.IsMark;
                break;
            }

            if (code != Space)
            {
                tallies += Tallies[unit];
                _codes[count] = code;
                _origins[count++] = _origin + place;
                continue;
            }

            isChunk = false;
            if (count == _start)
            {
                // A second space is none.
                continue;
            }

            if (IsOrdinary(_codes[_start..count]))
            {
                _codes[count] = Space;
                _origins[count++] = _origin + place;
            }
            else
            {
                _buffer.Truncate(count);
                TextNormalizer.Break(_buffer, _origin + place, ref shape);
                count = _buffer.Count;
            }

            _start = count;
        }

        _marks = place > _place ? 0 : _marks;
        (_place, _count, _tallies) = (place, count, tallies);
        return !isEnd && place < _text.Length;
    }

    // Whether a chunk that begins so can be neither a link nor a mention, whatever comes behind it.
    private static bool IsOrdinary(ReadOnlySpan<uint> chunk) => chunk.Length == 0
        || (chunk[0] != '@' && !(chunk[0] == 'h' && (chunk.Length == 1 || chunk[1] == 't')) && !(chunk[0] == 'w' && (chunk.Length == 1 || chunk[1] == 'w')));

    // By ASCII code: the folded one, a space for every control character, 0 for '&'.
    private static byte[] MakeFolded()
    {
        var codes = new byte[0x80];
        for (var code = 0; code < codes.Length; code++)
        {
            codes[code] = code <= ' ' ? Space : code == '&' ? (byte)0 : (byte)char.ToLowerInvariant((char)code);
        }

        return codes;
    }

    private static ulong[] MakeTallies()
    {
        var tallies = new ulong[0x80];
        for (var code = '!'; code < tallies.Length; code++)
        {
            tallies[code] = (char.IsAsciiLetter(code) ? 1UL : 0) | (char.IsAsciiLetterUpper(code) ? 1UL << 16 : 0) | (char.IsAsciiDigit(code) ? 1UL << 32 : 0) | (code == '!' ? 1UL << 48 : 0);
        }

        return tallies;
    }
}

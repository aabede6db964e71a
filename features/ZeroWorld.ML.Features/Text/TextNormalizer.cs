namespace ZeroWorld.ML.Features;

/// <summary>Makes the normal form of a text: NFKC and case folding by code point, entities decoded, runs of white space as one space, at both ends too.</summary>
/// <remarks>
/// Links and longer mentions become one code point each. Of a stack of combining marks the first <see cref="MarksMax"/> stay, so that the work per character is bounded.
/// Unpaired surrogates become U+FFFD. Pure but for its buffers.
/// </remarks>
internal static class TextNormalizer
{
    public const uint Space = ' ';
    public const uint Link = 0xE000;
    public const uint Mention = 0xE001;

    private const uint Replacement = 0xFFFD;
    internal const int MarksMax = 3;
    private const int MentionMin = 5;
    private const int EntityMax = 10;

    public static void Normalize(ReadOnlySpan<char> text, TextWorkspace workspace, int lengthMax)
    {
        var shape = new TextShape { Units = text.Length };
        var buffer = workspace.Normal;
        buffer.Add(Space, 0);
        if (text.Length <= lengthMax)
        {
            Append(text, 0, buffer, ref shape);
        }
        else
        {
            workspace.IsTruncated = true;
            var head = lengthMax / 4 * 3;
            Append(text[..head], 0, buffer, ref shape);
            Break(buffer, head, ref shape);
            var tail = text.Length - (lengthMax / 4);
            Append(text[tail..], tail, buffer, ref shape);
        }

        Break(buffer, text.Length, ref shape);
        workspace.Shape = shape;
    }

    private static void Append(ReadOnlySpan<char> text, int origin, CodeBuffer buffer, ref TextShape shape)
    {
        var folding = UnicodeFolding.Default;
        var marks = 0;
        for (var place = 0; place < text.Length; place++)
        {
            place += PlainNormalizer.Append(text[place..], origin + place, buffer, ref marks, ref shape);
            if (place == text.Length)
            {
                return;
            }

            uint code = text[place];
            var at = origin + place;
            if (code < 0x80)
            {
                marks = 0;
                if (code == '&' && TryEntity(text[place..], out var decoded, out var length))
                {
                    place += length - 1;
                    AppendCode(decoded, at, buffer, folding, ref marks, ref shape);
                    continue;
                }

                AppendAscii(code, at, buffer, ref shape);
                continue;
            }

            if (char.IsSurrogate(text[place]))
            {
                var isPair = char.IsHighSurrogate(text[place]) && place + 1 < text.Length && char.IsLowSurrogate(text[place + 1]);
                code = isPair ? (uint)char.ConvertToUtf32(text[place], text[place + 1]) : Replacement;
                place += isPair ? 1 : 0;
            }

            AppendCode(code, at, buffer, folding, ref marks, ref shape);
        }
    }

    private static void AppendAscii(uint code, int at, CodeBuffer buffer, ref TextShape shape)
    {
        if (code <= Space)
        {
            Break(buffer, at, ref shape);
            return;
        }

        if (code is >= 'A' and <= 'Z')
        {
            shape.Capitals++;
            code += 32;
        }

        shape.Letters += code is >= 'a' and <= 'z' ? 1 : 0;
        shape.Digits += code is >= '0' and <= '9' ? 1 : 0;
        shape.Exclamations += code == '!' ? 1 : 0;
        buffer.Add(code, at);
    }

    private static void AppendCode(uint code, int at, CodeBuffer buffer, UnicodeFolding folding, ref int marks, ref TextShape shape)
    {
        if (code < 0x80)
        {
            AppendAscii(code, at, buffer, ref shape);
            return;
        }

        if (IsSpace(code))
        {
            marks = 0;
            Break(buffer, at, ref shape);
            return;
        }

        if (folding.IsMark(code))
        {
            if (++marks > MarksMax)
            {
                shape.DroppedMarks++;
                return;
            }

            if (folding.TryCompose(buffer.Last, code, out var composed))
            {
                buffer.ReplaceLast(composed);
                return;
            }
        }
        else
        {
            marks = 0;
            shape.Letters += folding.IsWord(code) ? 1 : 0;
            shape.Invisible += folding.IsInvisible(code) ? 1 : 0;
        }

        if (folding.TryNormalize(code, out var folded))
        {
            foreach (var part in folded)
            {
                buffer.Add(part, at);
            }

            return;
        }

        buffer.Add(code, at);
    }

    /// <summary>Ends a chunk: what is a link or a mention becomes one code point.</summary>
    internal static void Break(CodeBuffer buffer, int at, ref TextShape shape)
    {
        if (buffer.Last == Space)
        {
            return;
        }

        var codes = buffer.Codes;
        var start = codes.LastIndexOf(Space) + 1;
        var chunk = codes[start..];
        if (StartsWith(chunk, "http://") || StartsWith(chunk, "https://") || StartsWith(chunk, "www."))
        {
            shape.Links++;
            Replace(buffer, start, Link);
        }
        else if (chunk[0] == '@' && chunk.Length >= MentionMin && IsName(chunk[1..]))
        {
            shape.Mentions++;
            Replace(buffer, start, Mention);
        }

        buffer.Add(Space, at);
    }

    private static void Replace(CodeBuffer buffer, int start, uint code)
    {
        var origin = buffer.Origins[start];
        buffer.Truncate(start);
        buffer.Add(code, origin);
    }

    private static bool IsName(ReadOnlySpan<uint> codes)
    {
        // A name may be followed by a colon or other marks: what counts is its beginning.
        for (var place = 0; place < MentionMin - 1; place++)
        {
            if (!(codes[place] < 0x80 && (char.IsAsciiLetterOrDigit((char)codes[place]) || codes[place] == '_')))
            {
                return false;
            }
        }

        return true;
    }

    private static bool StartsWith(ReadOnlySpan<uint> codes, string prefix)
    {
        if (codes.Length < prefix.Length)
        {
            return false;
        }

        for (var place = 0; place < prefix.Length; place++)
        {
            if (codes[place] != prefix[place])
            {
                return false;
            }
        }

        return true;
    }

    internal static bool IsSpace(uint code) => code is 0x85 or 0xA0 or 0x1680 or (>= 0x2000 and <= 0x200A) or 0x2028 or 0x2029 or 0x202F or 0x205F or 0x3000;

    private static bool TryEntity(ReadOnlySpan<char> text, out uint code, out int length)
    {
        (code, length) = (0, 0);
        var end = text[..Math.Min(text.Length, EntityMax)].IndexOf(';');
        if (end < 2)
        {
            return false;
        }

        length = end + 1;
        var name = text[1..end];
        if (name[0] == '#')
        {
            return TryNumber(name[1..], out code) && code is > 0 and <= 0x10FFFF and not (>= 0xD800 and <= 0xDFFF);
        }

        code = name switch { "amp" => '&', "lt" => '<', "gt" => '>', "quot" => '"', "apos" => '\'', "nbsp" => ' ', _ => 0u };
        return code != 0;
    }

    // Digits, or hexadecimal ones behind an x: so few that no number is too great.
    private static bool TryNumber(ReadOnlySpan<char> digits, out uint number)
    {
        number = 0;
        var isHex = digits.Length > 1 && (digits[0] | 32) == 'x';
        foreach (var digit in isHex ? digits[1..] : digits)
        {
            var value = char.IsAsciiDigit(digit) ? digit - '0' : isHex && char.IsAsciiHexDigit(digit) ? (digit | 32) - 'a' + 10 : -1;
            if (value < 0)
            {
                return false;
            }

            number = (number * (isHex ? 16u : 10u)) + (uint)value;
        }

        return digits.Length > 0;
    }
}

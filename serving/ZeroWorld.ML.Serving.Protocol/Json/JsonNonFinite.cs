using System.Buffers;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>NaN and the infinities as bare words: no JSON, and yet what the JSON libraries of Python write and what servers of this protocol take.</summary>
internal static class JsonNonFinite
{
    private static readonly SearchValues<byte> Interesting = SearchValues.Create("\"NI"u8);

    /// <returns>The same text with <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c> put in quotes, which is the form that this protocol's readers know; unchanged when there is none.</returns>
    public static ReadOnlyMemory<byte> Quote(ReadOnlyMemory<byte> json)
    {
        var text = json.Span;
        if (text.IndexOf("NaN"u8) < 0 && text.IndexOf("Infinity"u8) < 0)
        {
            return json;
        }

        var quoted = new ArrayBufferWriter<byte>(text.Length + 64);
        var written = 0;
        var position = 0;
        while (text[position..].IndexOfAny(Interesting) is >= 0 and var found)
        {
            position += found;
            if (text[position] == '"')
            {
                position += LengthOfString(text[position..]);
                continue;
            }

            var word = text[position..].StartsWith("NaN"u8) ? 3 : text[position..].StartsWith("Infinity"u8) ? 8 : 0;
            if (word == 0)
            {
                position++;
                continue;
            }

            var start = position > 0 && word == 8 && text[position - 1] == '-' ? position - 1 : position;
            position += word;
            quoted.Write(text[written..start]);
            quoted.Write("\""u8);
            quoted.Write(text[start..position]);
            quoted.Write("\""u8);
            written = position;
        }

        if (written == 0)
        {
            return json;
        }

        quoted.Write(text[written..]);
        return quoted.WrittenMemory;
    }

    /// <summary>Length of the string that begins here, both quotes included; to the end where it is not closed.</summary>
    private static int LengthOfString(ReadOnlySpan<byte> text)
    {
        for (var index = 1; index < text.Length; index++)
        {
            if (text[index] == '\\')
            {
                index++;
            }
            else if (text[index] == '"')
            {
                return index + 1;
            }
        }

        return text.Length;
    }
}

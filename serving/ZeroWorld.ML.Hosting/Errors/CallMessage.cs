using System.Text;

namespace ZeroWorld.ML.Hosting;

/// <summary>What a caller is told in words, short enough for where gRPC puts it: the trailers, percent-encoded.</summary>
internal static class CallMessage
{
    /// <summary>Clients built on gRPC's C core take 8 KiB of trailers, and tell of a status of their own where there are more.</summary>
    public const int EncodedBytesMax = 4096;

    private const int EndBytesMax = 512;
    private const int EncodedBytesPerCharMax = 9;
    private const string Gap = " ... ";

    /// <returns>
    /// <paramref name="text"/>; where it is too long, its start and its end: what was sent may be of any length, and what is wrong with it stands before and behind it.
    /// </returns>
    public static string Cut(string text)
    {
        if (text.Length <= EncodedBytesMax / EncodedBytesPerCharMax || LengthOfStart(text, EncodedBytesMax) == text.Length)
        {
            return text;
        }

        var start = LengthOfStart(text, EncodedBytesMax - EndBytesMax - Gap.Length);
        var end = LengthOfEnd(text.AsSpan(start), EndBytesMax);
        return string.Concat(text.AsSpan(0, start), Gap, text.AsSpan(text.Length - end));
    }

    private static int LengthOfStart(ReadOnlySpan<char> text, int bytesMax)
    {
        var length = 0;
        while (length < text.Length)
        {
            Rune.DecodeFromUtf16(text[length..], out var rune, out var chars);
            bytesMax -= EncodedBytesOf(rune);
            if (bytesMax < 0)
            {
                break;
            }

            length += chars;
        }

        return length;
    }

    private static int LengthOfEnd(ReadOnlySpan<char> text, int bytesMax)
    {
        var rest = text;
        while (!rest.IsEmpty)
        {
            Rune.DecodeLastFromUtf16(rest, out var rune, out var chars);
            bytesMax -= EncodedBytesOf(rune);
            if (bytesMax < 0)
            {
                break;
            }

            rest = rest[..^chars];
        }

        return text.Length - rest.Length;
    }

    private static int EncodedBytesOf(Rune rune) => rune.Value is >= ' ' and <= '~' and not '%' ? 1 : "%XX".Length * rune.Utf8SequenceLength;
}

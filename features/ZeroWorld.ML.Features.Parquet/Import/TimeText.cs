namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Reads the times of text files: <c>2018-04-01</c>, <c>2018-04-01 00:00:31[.fraction][zone]</c>, with a blank or a T.</summary>
internal static class TimeText
{
    public const string Expected = "a time such as 2018-04-01 00:00:31 or 2018-04-01T00:00:31Z";

    private const long SecondMicroseconds = 1_000_000;
    private const int DateLength = 10;
    private const int SecondsLength = 19;

    /// <param name="text">UTF-8, without surrounding blanks.</param>
    /// <param name="local">Microseconds since 1970-01-01T00:00:00 on the clock that the text shows; finer digits are floored.</param>
    /// <param name="offset">Microseconds that this clock is ahead of UTC; <see langword="null"/> when the text does not say.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out long local, out long? offset)
    {
        (local, offset) = (0, null);
        if (text.Length < DateLength
            || text[4] != '-'
            || text[7] != '-'
            || !TryDigits(text[..4], out var year)
            || !TryDigits(text[5..7], out var month)
            || !TryDigits(text[8..10], out var day)
            || year < 1
            || month is < 1 or > 12
            || day < 1
            || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        local = (new DateTime(year, month, day).Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
        if (text.Length == DateLength)
        {
            return true;
        }

        if (text.Length < SecondsLength
            || (text[10] | 0x20) is not ((byte)'t' or (byte)' ')
            || text[13] != ':'
            || text[16] != ':'
            || !TryDigits(text[11..13], out var hour)
            || !TryDigits(text[14..16], out var minute)
            || !TryDigits(text[17..19], out var second)
            || hour > 23
            || minute > 59
            || second > 59)
        {
            return false;
        }

        local += ((((hour * 60L) + minute) * 60) + second) * SecondMicroseconds;
        var rest = text[SecondsLength..];
        if (!rest.IsEmpty && rest[0] == '.')
        {
            var digits = 1;
            for (var unit = SecondMicroseconds / 10; digits < rest.Length && char.IsAsciiDigit((char)rest[digits]); digits++, unit /= 10)
            {
                local += (rest[digits] - '0') * unit;
            }

            if (digits == 1)
            {
                return false;
            }

            rest = rest[digits..];
        }

        return rest.IsEmpty || TryZone(rest, out offset);
    }

    /// <summary><c>Z</c>, <c>+02:00</c>, <c>+0200</c> or <c>+02</c>, after at most one blank.</summary>
    private static bool TryZone(ReadOnlySpan<byte> text, out long? offset)
    {
        offset = null;
        text = text[0] == ' ' ? text[1..] : text;
        if (text.Length == 1 && text[0] is (byte)'Z' or (byte)'z')
        {
            offset = 0;
            return true;
        }

        if (text.SequenceEqual("UTC"u8))
        {
            offset = 0;
            return true;
        }

        if (text.Length is not (3 or 5 or 6) || text[0] is not ((byte)'+' or (byte)'-') || (text.Length == 6 && text[3] != ':'))
        {
            return false;
        }

        var minutes = 0;
        if (!TryDigits(text[1..3], out var hours) || (text.Length > 3 && !TryDigits(text[^2..], out minutes)) || hours > 18 || minutes > 59)
        {
            return false;
        }

        offset = ((hours * 60L) + minutes) * 60 * SecondMicroseconds * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (var octet in text)
        {
            if (!char.IsAsciiDigit((char)octet))
            {
                return false;
            }

            value = (value * 10) + (octet - '0');
        }

        return true;
    }
}

using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Turns the text of a CSV field into a value of its declared type, strictly.</summary>
internal sealed class CsvValueParser
{
    private readonly SourceZone? _zone;
    private readonly byte[][] _nullTexts;

    public CsvValueParser(TableImport import)
    {
        _zone = SourceZone.Parse(import.TimeZone);
        _nullTexts = [.. import.NullTexts.Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>Whether the text, without blanks around it, stands for no value.</summary>
    public bool IsNull(ReadOnlySpan<byte> text)
    {
        foreach (var nothing in _nullTexts)
        {
            if (text.SequenceEqual(nothing))
            {
                return true;
            }
        }

        return text.IsEmpty;
    }

    /// <summary>Whether the text is a time that only lacks a zone.</summary>
    public bool LacksZone(ReadOnlySpan<byte> text) => _zone is null && TimeText.TryParse(text, out _, out var offset) && offset is null;

    /// <summary>Puts the value into the buffer; an empty field is null, and so is one of the texts that stand for it.</summary>
    /// <returns><see langword="null"/>, or what was expected.</returns>
    public string? TrySet(ReadOnlySpan<byte> text, bool isQuoted, ColumnBuffer column, int row)
    {
        if (column.Kind == ColumnKind.String)
        {
            return TrySetString(text, isQuoted, column, row);
        }

        text = text.Trim(" \t"u8);
        if (IsNull(text))
        {
            column.SetNull(row);
            return null;
        }

        return column.Kind switch
        {
            ColumnKind.Int64 => TrySetInt64(text, column, row),
            ColumnKind.Float64 or ColumnKind.Float32 => TrySetFloat(text, column, row),
            ColumnKind.Timestamp => TrySetTime(text, column, row),
            ColumnKind.Bool => TrySetBool(text, column, row),
            ColumnKind.Int64List => TrySetList(text, FeatureType.Int64List, column, row),
            ColumnKind.Float64List => TrySetList(text, FeatureType.Float64List, column, row),
            ColumnKind.StringList => TrySetList(text, FeatureType.StringList, column, row),
            _ => TrySetBytes(text, column, row),
        };
    }

    private static string? TrySetInt64(ReadOnlySpan<byte> text, ColumnBuffer column, int row)
    {
        if (!Utf8Parser.TryParse(text, out long value, out var length) || length != text.Length)
        {
            return "a whole number from -9223372036854775808 to 9223372036854775807";
        }

        column.SetBits(row, value);
        return null;
    }

    private static string? TrySetFloat(ReadOnlySpan<byte> text, ColumnBuffer column, int row)
    {
        const NumberStyles Style = NumberStyles.Float;
        var isDouble = column.Kind == ColumnKind.Float64;
        var (wide, narrow) = (0d, 0f);

        // .NET passes over zero bytes behind a number.
        var isNumber = text[^1] != 0 && (isDouble
            ? double.TryParse(text, Style, CultureInfo.InvariantCulture, out wide)
            : float.TryParse(text, Style, CultureInfo.InvariantCulture, out narrow));
        if (!isNumber)
        {
            var sign = text[0] == '-' ? -1 : 1;
            if (!Ascii.EqualsIgnoreCase(text[0] is (byte)'-' or (byte)'+' ? text[1..] : text, "inf"u8))
            {
                return isDouble ? "a float64 number" : "a float32 number";
            }

            (wide, narrow) = (sign * double.PositiveInfinity, sign * float.PositiveInfinity);
        }

        // A number beyond the type would silently become an infinity; a written infinity is one.
        if ((isDouble ? double.IsInfinity(wide) : float.IsInfinity(narrow)) && text.IndexOfAnyInRange((byte)'0', (byte)'9') >= 0)
        {
            return isDouble ? "a number within the range of float64" : "a number within the range of float32";
        }

        if (isDouble)
        {
            column.SetDouble(row, wide);
        }
        else
        {
            column.SetFloat(row, narrow);
        }

        return null;
    }

    private static string? TrySetBool(ReadOnlySpan<byte> text, ColumnBuffer column, int row)
    {
        var isTrue = Ascii.EqualsIgnoreCase(text, "true"u8) || text.SequenceEqual("1"u8);
        if (!isTrue && !Ascii.EqualsIgnoreCase(text, "false"u8) && !text.SequenceEqual("0"u8))
        {
            return "true, false, 1 or 0";
        }

        column.SetBits(row, isTrue ? 1 : 0);
        return null;
    }

    private string? TrySetString(ReadOnlySpan<byte> text, bool isQuoted, ColumnBuffer column, int row)
    {
        if (!Utf8.IsValid(text))
        {
            return "UTF-8 text";
        }

        if (!isQuoted && (text.IsEmpty || (text.Trim(" \t"u8) is { IsEmpty: false } bare && IsNull(bare))))
        {
            column.SetNull(row);
        }
        else
        {
            column.SetBytes(row, text);
        }

        return null;
    }

    private static string? TrySetBytes(ReadOnlySpan<byte> text, ColumnBuffer column, int row)
    {
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (Base64.DecodeFromUtf8(text, bytes, out _, out var length) != System.Buffers.OperationStatus.Done)
        {
            return "bytes in base64";
        }

        column.SetBytes(row, bytes.AsSpan(0, length));
        return null;
    }

    private static string? TrySetList(ReadOnlySpan<byte> text, FeatureType type, ColumnBuffer column, int row)
    {
        if (!FeatureListJson.TryRead(text, type, out var value))
        {
            return FeatureListJson.Expected(type);
        }

        column.Set(row, value);
        return null;
    }

    private string? TrySetTime(ReadOnlySpan<byte> text, ColumnBuffer column, int row)
    {
        if (!TimeText.TryParse(text, out var local, out var offset))
        {
            return TimeText.Expected;
        }

        if (offset is { } known)
        {
            return TrySetTime(local - known, column, row);
        }

        if (_zone is null)
        {
            return "a time with a zone, such as 2018-04-01T00:00:31Z, or a time zone declared for this import";
        }

        if (!_zone.TryToUtc(local, out var utc))
        {
            return "a time that exists in the declared time zone (its clocks were put forward over this one)";
        }

        return TrySetTime(utc, column, row);
    }

    // Its clock may show a day that is not in these years in UTC.
    private static string? TrySetTime(long utc, ColumnBuffer column, int row)
    {
        if (!UnixMicroseconds.IsOfCalendar(utc))
        {
            return UnixMicroseconds.ExpectedTime;
        }

        column.SetBits(row, utc);
        return null;
    }
}

using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Finds the type of a CSV column by all of its values: the narrowest one that takes each of them without loss.</summary>
/// <remarks>
/// bool takes the words only, not 1 and 0. Whole numbers with leading zeros, or beyond int64, are ids: texts. Times count with a zone, or where one is declared
/// for the import. Not thread safe.
/// </remarks>
internal sealed class CsvColumnType(CsvValueParser parser)
{
    private static readonly FeatureType[] _candidates = [FeatureType.Bool, FeatureType.Int64, FeatureType.Float64, FeatureType.Timestamp];

    private readonly ColumnBuffer[] _scratch = [.. _candidates.Select(static type => new ColumnBuffer(string.Empty, ColumnTypes.KindOf(type)))];

    /// <summary>The type so far; <see langword="null"/>: no value has been seen.</summary>
    public FeatureType? Found { get; private set; }

    /// <summary>Whether a value keeps the column what it is, or makes it a wider number.</summary>
    public bool Takes(ReadOnlySpan<byte> text)
    {
        text = text.Trim(" \t"u8);
        return parser.IsNull(text) || Found is null or FeatureType.String || Takes(Found.Value, text) || (Found == FeatureType.Int64 && Takes(FeatureType.Float64, text));
    }

    /// <returns>What kept the column from being something else than a text: the type of the values before, or none for a time without a zone; else <see langword="null"/>.</returns>
    public TextReason? Add(ReadOnlySpan<byte> text)
    {
        text = text.Trim(" \t"u8);
        if (Found == FeatureType.String || parser.IsNull(text))
        {
            return null;
        }

        if (Found is { } type && Takes(type, text))
        {
            return null;
        }

        var before = Found;

        // Whole numbers are float64 numbers as well; no other type takes what another one took.
        Found = Found switch
        {
            null => First(text),
            FeatureType.Int64 when Takes(FeatureType.Float64, text) => FeatureType.Float64,
            _ => FeatureType.String,
        };
        if (Found != FeatureType.String)
        {
            return null;
        }

        var lacksZone = before is null or FeatureType.Timestamp && parser.LacksZone(text);
        return lacksZone || before is not null ? new TextReason(lacksZone ? null : before) : null;
    }

    private FeatureType First(ReadOnlySpan<byte> text)
    {
        foreach (var candidate in _candidates)
        {
            if (Takes(candidate, text))
            {
                return candidate;
            }
        }

        return FeatureType.String;
    }

    private bool Takes(FeatureType type, ReadOnlySpan<byte> text) => type switch
    {
        FeatureType.Bool when text.ContainsAnyInRange((byte)'0', (byte)'9') => false,
        FeatureType.Int64 or FeatureType.Float64 when IsId(text) => false,
        _ => parser.TrySet(text, isQuoted: false, _scratch[Array.IndexOf(_candidates, type)], 0) is null,
    };

    // What would not come back as it was written.
    private static bool IsId(ReadOnlySpan<byte> text)
    {
        var digits = text[0] is (byte)'-' or (byte)'+' ? text[1..] : text;
        return !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9') && ((digits.Length > 1 && digits[0] == '0') || !long.TryParse(text, null, out _));
    }
}

/// <summary>Why a column is a text.</summary>
/// <param name="Before">The type of the values before the one that is a text; <see langword="null"/>: it is a time without a zone.</param>
internal readonly record struct TextReason(FeatureType? Before);

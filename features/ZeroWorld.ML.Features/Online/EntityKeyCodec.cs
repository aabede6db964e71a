using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Writes entity keys as docs/formats/online-row.md says: typed, so that the string "7" is not the integer 7.</summary>
public static class EntityKeyCodec
{
    /// <summary>Bytes of the longest encoded key.</summary>
    public const int EncodedLengthMax = 512;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="entity">The entity whose keys these are.</param>
    /// <param name="values">One value per key, of the key's type, not null.</param>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.InvalidInput"/>: the encoded key is longer than 512 bytes, or a text holds half a surrogate pair, which has no UTF-8.
    /// </exception>
    public static string Encode(Entity entity, ReadOnlySpan<FeatureValue> values)
    {
        ArgumentNullException.ThrowIfNull(entity);
        if (values.Length == 1 && values[0].Type == FeatureType.Int64)
        {
            return string.Create(CultureInfo.InvariantCulture, $"i{values[0].AsInt64()}");
        }

        var text = new StringBuilder();
        for (var index = 0; index < values.Length; index++)
        {
            if (index > 0)
            {
                text.Append('|');
            }

            Append(text, entity, values[index]);
        }

        return text.Length <= EncodedLengthMax ? text.ToString() : throw TooLong(entity);
    }

    private static void Append(StringBuilder text, Entity entity, FeatureValue value)
    {
        switch (value.Type)
        {
            case FeatureType.Int64:
                text.Append(CultureInfo.InvariantCulture, $"i{value.AsInt64()}");
                break;
            case FeatureType.Timestamp:
                text.Append(CultureInfo.InvariantCulture, $"t{value.AsInt64()}");
                break;
            case FeatureType.Bool:
                text.Append(value.AsBool() ? "b1" : "b0");
                break;
            case FeatureType.Bytes when value.AsBytes().Length > EncodedLengthMax:
            case FeatureType.String when value.AsString().Length > EncodedLengthMax:
                throw TooLong(entity);
            case FeatureType.Bytes:
                text.Append('x').Append(Convert.ToHexStringLower(value.AsBytes().Span));
                break;
            case FeatureType.String:
                text.Append('s');
                AppendEscaped(text, entity, value.AsString());
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value.Type, "An entity key is bool, int64, string, bytes or timestamp.");
        }
    }

    private static void AppendEscaped(StringBuilder text, Entity entity, string value)
    {
        byte[] octets;
        try
        {
            octets = StrictUtf8.GetBytes(value);
        }
        catch (EncoderFallbackException exception)
        {
            // The lenient encoding would make one key of two different texts.
            throw new FeatureException(
                FeatureError.InvalidInput,
                $"The key of entity '{entity.Name}' holds half a surrogate pair at index {exception.Index}; expected text that has a UTF-8 form.",
                exception);
        }

        foreach (var octet in octets)
        {
            if (char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)'.' or (byte)'_' or (byte)'-')
            {
                text.Append((char)octet);
            }
            else
            {
                text.Append('%').Append(octet.ToString("X2", CultureInfo.InvariantCulture));
            }
        }
    }

    private static FeatureException TooLong(Entity entity) => new(
        FeatureError.InvalidInput,
        $"The key of entity '{entity.Name}' takes more than {EncodedLengthMax} bytes when encoded; expected at most {EncodedLengthMax}.");
}

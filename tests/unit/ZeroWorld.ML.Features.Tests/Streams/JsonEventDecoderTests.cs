using System.Text;

namespace ZeroWorld.ML.Features.Tests;

public sealed class JsonEventDecoderTests
{
    private static readonly StreamColumn[] Columns =
    [
        new("ID", FeatureType.Int64, "id"), new("AT", FeatureType.Timestamp, "at", 1000), new("NS", FeatureType.Timestamp, "ns", 0), new("X", FeatureType.Float64, "x"),
        new("F", FeatureType.Float32, "f"), new("NAME", FeatureType.String, "name"), new("OK", FeatureType.Bool, "ok"), new("RAW", FeatureType.Bytes, "raw"), new("ID_TEXT", FeatureType.String, "id_text"),
    ];

    [Fact]
    public void Decode_EveryType_GivesTheValues()
    {
        var (fault, values) = Decode("""{"other":{"id":[1,{"at":2}]},"name":"\u00e9\ud83d\ude00","id":-7,"at":1500,"ns":-1,"x":"NaN","f":0.5,"ok":true,"raw":"AQI=","more":"id"}""");

        Assert.Null(fault);
        Assert.Equal((-7, 1_500_000, -1), (values[0].AsInt64(), values[1].AsInt64(), values[2].AsInt64()));
        Assert.Equal((double.NaN, 0.5f, "é😀", true), (values[3].AsFloat64(), values[4].AsFloat32(), values[5].AsString(), values[6].AsBool()));
        Assert.Equal([1, 2], values[7].AsBytes().ToArray());
        Assert.Equal((true, FeatureType.String), (values[8].IsNull, values[8].Type));
    }

    [Theory]
    [InlineData("""{"at":"2018-08-08T12:00:00.5+02:00"}""", 1_533_722_400_500_000)]
    [InlineData("""{"at":-3}""", -3000)]
    [InlineData("""{"at":-62135596800000}""", -62_135_596_800_000_000)]
    [InlineData("""{"at":253402300799999}""", 253_402_300_799_999_000)]
    public void Decode_Times_AreMicroseconds(string json, long expected) => Assert.Equal(expected, Decode(json).Values[1].AsInt64());

    [Theory]
    [InlineData("", "The event is no JSON")]
    [InlineData("{", "The event is no JSON")]
    [InlineData("""{"id":1}{"id":2}""", "The event is no JSON")]
    [InlineData("""{"id":1} x""", "The event is no JSON")]
    [InlineData("[1]", "The event is a list; expected a JSON object.")]
    [InlineData("null", "The event is null; expected a JSON object.")]
    [InlineData("""{"id":1.5}""", "id is '1.5'; expected an integer of 64 bits.")]
    [InlineData("""{"id":"1"}""", "id is '1'; expected an integer of 64 bits.")]
    [InlineData("""{"id":9223372036854775808}""", "id is '9223372036854775808'; expected an integer of 64 bits.")]
    [InlineData("""{"id":1,"x":0,"id":2}""", "The property 'id' is given twice; expected it once.")]
    [InlineData("""{"at":"2018-08-08T12:00:00"}""", "at is '2018-08-08T12:00:00'; expected a time of the years 1 to 9999, as 2018-08-08T12:00:00Z or a whole number in the declared unit.")]
    [InlineData("""{"at":9223372036854775807}""", "at is '9223372036854775807'; expected a time")]
    [InlineData("""{"at":-62135596800001}""", "at is '-62135596800001'; expected a time of the years 1 to 9999")]
    [InlineData("""{"at":253402300800000}""", "at is '253402300800000'; expected a time of the years 1 to 9999")]
    [InlineData("""{"x":1e999}""", "x is '1e999'; expected a finite float64 number")]
    [InlineData("""{"x":{}}""", "x is an object; expected a finite float64 number")]
    [InlineData("""{"name":"\ud800"}""", "name is '")]
    [InlineData("""{"raw":"*"}""", "raw is '*'; expected a text of base64.")]
    [InlineData("""{"ok":1}""", "ok is '1'; expected true or false.")]
    public void Decode_Poison_SaysWhy(string json, string expected) => Assert.StartsWith(expected, Decode(json).Fault, StringComparison.Ordinal);

    [Fact]
    public void Decode_HostileBytes_AreRefusedAndNothingElse()
    {
        var random = new Random(5);
        var seed = Encoding.UTF8.GetBytes("""{"id":1,"at":"2018-08-08T12:00:00Z","x":1.5,"name":"a","ok":true,"raw":"AQI="}""");
        var (decoder, values) = (new JsonEventDecoder(Columns), new FeatureValue[Columns.Length]);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = seed.ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            _ = decoder.Decode(bytes.AsSpan(0, random.Next(bytes.Length + 1)), values);
        }

        Assert.Contains("no JSON", decoder.Decode(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 5000))), values), StringComparison.Ordinal);
        Assert.Contains("expected at most", decoder.Decode(new byte[JsonEventDecoder.EventBytesMax + 1], values), StringComparison.Ordinal);
    }

    private static (string? Fault, FeatureValue[] Values) Decode(string json)
    {
        var values = new FeatureValue[Columns.Length];
        return (new JsonEventDecoder(Columns).Decode(Encoding.UTF8.GetBytes(json), values), values);
    }
}

namespace ZeroWorld.ML.Features.Tests;

public sealed class UnixMicrosecondsTests
{
    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1970-01-01t00:00:00z", 0)]
    [InlineData("1970-01-01 00:00:00.000001Z", 1)]
    [InlineData("1970-01-01T00:00:00.0000019999Z", 1)]
    [InlineData("1969-12-31T23:59:59.9999999999Z", -1)]
    [InlineData("1970-01-01T02:00:00+02:00", 0)]
    [InlineData("1969-12-31T16:00:00.5-08:00", 500_000)]
    [InlineData("2018-08-08T12:00:00.123Z", 1_533_729_600_123_000)]
    [InlineData("0001-01-01T00:00:00Z", -62_135_596_800_000_000)]
    [InlineData("9999-12-31T23:59:59.9999999Z", 253_402_300_799_999_999)]
    [InlineData(" 1970-01-01T00:00:00Z ", 0)]
    public void TryParse_Rfc3339_IsFlooredToMicroseconds(string text, long expected)
    {
        Assert.True(UnixMicroseconds.TryParse(text, out var microseconds));
        Assert.Equal(expected, microseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2018-08-08")]
    [InlineData("2018-08-08T12:00:00")]
    [InlineData("2018-08-08T12:00:00.5")]
    [InlineData("2018-08-08T12:00:00.Z")]
    [InlineData("2018-08-08T12:00:00 Z")]
    [InlineData("2018-08-08T12:00:60Z")]
    [InlineData("2018-08-08T24:00:00Z")]
    [InlineData("2018-02-29T12:00:00Z")]
    [InlineData("08/08/2018 12:00:00Z")]
    [InlineData("2018-8-8T12:00:00Z00")]
    [InlineData("2018-08-08T12:00:00+2:00")]
    [InlineData("2018-08-08T12:00:00+0200")]
    [InlineData("2018-08-08T12:00:00+25:00")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("9999-12-31T23:59:59-01:00")]
    [InlineData("2018-08-08T12:00:00ZZ")]
    [InlineData("٢018-08-08T12:00:00Z")]
    public void TryParse_AnythingElse_IsFalse(string text) => Assert.False(UnixMicroseconds.TryParse(text, out _));

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(-62_135_596_800_000_001)]
    [InlineData(253_402_300_800_000_000)]
    public void ToDateTimeOffset_OutsideTheCalendar_Throws(long microseconds)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => UnixMicroseconds.ToDateTimeOffset(microseconds));
        Assert.Equal($"{microseconds}", UnixMicroseconds.ToText(microseconds));
    }

    [Fact]
    public void ToText_RandomTimes_ParseBack()
    {
        var random = new Random(9);
        for (var round = 0; round < 5_000; round++)
        {
            var time = random.NextInt64(-62_135_596_800_000_000, 253_402_300_799_999_999);
            Assert.True(UnixMicroseconds.TryParse(UnixMicroseconds.ToText(time), out var back));
            Assert.Equal(time, back);
        }
    }
}

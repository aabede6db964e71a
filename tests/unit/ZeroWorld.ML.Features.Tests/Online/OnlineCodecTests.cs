namespace ZeroWorld.ML.Features.Tests;

public sealed class OnlineCodecTests
{
    private static readonly FeatureType[] Types = [.. Enum.GetValues<FeatureType>().Where(static type => type <= FeatureType.Timestamp)];

    [Fact]
    public void Encode_RandomRows_RoundTrip()
    {
        var random = new Random(21);
        for (var round = 0; round < 2_000; round++)
        {
            var view = TestViews.LastValue(null, [.. Enumerable.Range(0, random.Next(1, 20)).Select(index => TestViews.Feature($"f{index}", Types[random.Next(Types.Length)]))]);
            var field = StorageField.Of(view, hasIntegerEventId: false);
            FeatureValue[] values = [.. view.StoredColumns.Select(column => Make(random, column.Type))];
            var (eventTime, createdTime) = (random.NextInt64(long.MinValue, long.MaxValue), random.Next(2) == 0 ? random.NextInt64() : (long?)null);

            var bytes = OnlineRowCodec.Encode(field, eventTime, createdTime ?? eventTime, values);

            Assert.True(OnlineRowCodec.TryReadHeader(field, bytes, out var readEvent, out var readCreated, out var body));
            Assert.Equal((eventTime, createdTime ?? eventTime), (readEvent, readCreated));
            var read = new FeatureValue[values.Length];
            Assert.True(OnlineRowCodec.TryReadValues(view.StoredColumns, bytes, body, read));
            Assert.Equal(values, read);
            var cut = random.Next(body, bytes.Length);
            Assert.False(OnlineRowCodec.TryReadValues(view.StoredColumns, bytes.AsSpan(0, cut), body, read));
            Assert.False(OnlineRowCodec.TryReadValues(view.StoredColumns, (byte[])[.. bytes, 0], body, read));
        }
    }

    [Fact]
    public void TryReadHeader_OtherFieldVersionOrFlags_IsFalse()
    {
        var field = StorageField.Of(TestViews.LastValue(null, TestViews.Feature("a", FeatureType.Bool)), hasIntegerEventId: false);
        var other = StorageField.Of(TestViews.LastValue(null, TestViews.Feature("b", FeatureType.Bool)), hasIntegerEventId: false);
        var bytes = OnlineRowCodec.Encode(field, 1, 2, [FeatureValue.FromBool(true)]);

        Assert.False(OnlineRowCodec.TryReadHeader(other, bytes, out _, out _, out _));
        foreach (var first in (byte[])[0x00, 0x12, 0x13, 0x24, 0x28, 0x30, 0xFF])
        {
            Assert.False(OnlineRowCodec.TryReadHeader(field, (byte[])[first, .. bytes[1..]], out _, out _, out _));
        }

        for (var length = 0; length < 19; length++)
        {
            Assert.False(OnlineRowCodec.TryReadHeader(field, bytes.AsSpan(0, length), out _, out _, out _));
        }
    }

    // Written by hand from docs/formats/online-row.md: an int64, a null float64, a string.
    [Fact]
    public void Encode_KnownRow_HasTheBytesOfTheFormat()
    {
        var view = TestViews.LastValue(
            null, TestViews.Feature("a", FeatureType.Int64), TestViews.Feature("b", FeatureType.Float64), TestViews.Feature("c", FeatureType.String));
        var field = StorageField.Of(view, hasIntegerEventId: false);

        var bytes = OnlineRowCodec.Encode(field, 258, 259, [FeatureValue.FromInt64(-2), FeatureValue.Null(FeatureType.Float64), FeatureValue.FromString("é")]);

        Assert.Equal(
            "23" + Convert.ToHexString(BitConverter.GetBytes((ushort)field.Fingerprint)) + "0201000000000000" + "0301000000000000" + "02" + "FEFFFFFFFFFFFFFF" + "02000000C3A9",
            Convert.ToHexString(bytes));
        Assert.Equal(
            "20" + Convert.ToHexString(BitConverter.GetBytes((ushort)field.Fingerprint)) + "0201000000000000" + "FEFFFFFFFFFFFFFF" + "000000000000F03F" + "00000000",
            Convert.ToHexString(OnlineRowCodec.Encode(field, 258, 258, [FeatureValue.FromInt64(-2), FeatureValue.FromFloat64(1), FeatureValue.FromString("")])));
    }

    [Theory]
    [InlineData(258)]
    [InlineData(259)]
    public void TryReadHeader_ARowOfVersion1_IsRead(long createdTime)
    {
        var view = TestViews.LastValue(null, TestViews.Feature("a", FeatureType.Int64), TestViews.Feature("b", FeatureType.Float64));
        var field = StorageField.Of(view, hasIntegerEventId: false);
        byte[] row =
        [
            (byte)(createdTime == 258 ? 0x10 : 0x11), .. BitConverter.GetBytes(field.Fingerprint), .. BitConverter.GetBytes(258L),
            .. createdTime == 258 ? [] : BitConverter.GetBytes(createdTime), 2, .. BitConverter.GetBytes(-2L),
        ];
        var values = new FeatureValue[2];

        Assert.True(OnlineRowCodec.TryReadHeader(field, row, out var readEvent, out var readCreated, out var body));
        Assert.True(OnlineRowCodec.TryReadValues(view.StoredColumns, row, body, values));

        Assert.Equal((258, createdTime), (readEvent, readCreated));
        Assert.Equal([FeatureValue.FromInt64(-2), FeatureValue.Null(FeatureType.Float64)], values);
    }

    [Fact]
    public void BlockBuilder_RepeatedIds_KeepTheFirst()
    {
        var field = StorageField.Of(TestViews.Windowed(TestViews.Aggregate("sum", AggregateFunction.Sum, "v", 10)), hasIntegerEventId: true);
        var builder = new WindowBlockBuilder(field);

        Assert.True(builder.Add(5, 5, FeatureValue.FromInt64(1), "i1", [FeatureValue.FromFloat64(1)]));
        Assert.False(builder.Add(4, 4, FeatureValue.FromInt64(1), "i1", [FeatureValue.FromFloat64(9)]));
        Assert.True(builder.Add(4, 4, FeatureValue.FromInt64(2), "i1", [FeatureValue.Null(FeatureType.Float64)]));

        var block = builder.Build();
        Assert.True(WindowBlockCodec.TryReadHeader(block, field.Fingerprint, WindowBlockCodec.RowWidth(field), out var events, out var coveredFrom));
        Assert.Equal((2, long.MinValue), (events, coveredFrom));
        Assert.Equal(4, BitConverter.ToInt64(block, WindowBlockCodec.HeaderLength));
    }

    // Null ids are ids of nothing: told apart by the row, not taken for one event.
    [Fact]
    public void BlockBuilder_NullIdsOfAnIntegerColumn_AreToldApartByTheRow()
    {
        var field = StorageField.Of(TestViews.Windowed(TestViews.Aggregate("sum", AggregateFunction.Sum, "v", 10)), hasIntegerEventId: true);
        var builder = new WindowBlockBuilder(field);
        var nothing = FeatureValue.Null(FeatureType.Int64);

        Assert.True(builder.Add(5, 5, nothing, "i1", [FeatureValue.FromFloat64(1)]));
        Assert.True(builder.Add(5, 5, nothing, "i1", [FeatureValue.FromFloat64(2)]));
        Assert.False(builder.Add(5, 5, nothing, "i1", [FeatureValue.FromFloat64(2)]));
    }

    [Fact]
    public void Build_WithTrim_LeavesOutAndSaysSo()
    {
        var field = StorageField.Of(TestViews.Windowed(TestViews.Aggregate("count", AggregateFunction.Count, null, 10)), hasIntegerEventId: true);
        var builder = new WindowBlockBuilder(field);
        for (var time = 0; time < 10; time++)
        {
            builder.Add(time, time, FeatureValue.FromInt64(time), "i1", []);
        }

        var block = builder.Build(trim: 6);

        Assert.True(WindowBlockCodec.TryReadHeader(block, field.Fingerprint, WindowBlockCodec.RowWidth(field), out var events, out var coveredFrom));
        Assert.Equal((3, 6), (events, coveredFrom));
    }

    [Fact]
    public void EncodeKey_ValuesOfEveryType_AreTypedAndUnambiguous()
    {
        static string Key(params FeatureValue[] values) => EntityKeyCodec.Encode(
            new Entity { Name = "e", Keys = [.. values.Select(static (value, index) => new EntityKey($"k{index}", value.Type))] }, values);

        Assert.Equal("i7", Key(FeatureValue.FromInt64(7)));
        Assert.Equal("s7", Key(FeatureValue.FromString("7")));
        Assert.Equal("i-9223372036854775808", Key(FeatureValue.FromInt64(long.MinValue)));
        Assert.Equal("sabc%7C", Key(FeatureValue.FromString("abc|")));
        Assert.Equal("s", Key(FeatureValue.FromString("")));
        Assert.Equal("s%7B%7D%25%C3%A4", Key(FeatureValue.FromString("{}%ä")));
        Assert.Equal("x00ff", Key(FeatureValue.FromBytes([0, 255])));
        Assert.Equal("b1", Key(FeatureValue.FromBool(true)));
        Assert.Equal("t1533081600000000", Key(FeatureValue.FromTimestamp(1533081600000000)));
        Assert.Equal("sa|i1|b0", Key(FeatureValue.FromString("a"), FeatureValue.FromInt64(1), FeatureValue.FromBool(false)));
        Assert.NotEqual(Key(FeatureValue.FromString("a|sb")), Key(FeatureValue.FromString("a"), FeatureValue.FromString("b")));
    }

    [Theory]
    [InlineData(512, "%")]
    [InlineData(100_000_000, "x")]
    public void EncodeKey_TooLong_IsRefused(int length, string character)
    {
        var entity = new Entity { Name = "page", Keys = [new EntityKey("url", FeatureType.String)] };

        var exception = Assert.Throws<FeatureException>(() => EntityKeyCodec.Encode(entity, [FeatureValue.FromString(new string(character[0], length))]));

        Assert.Equal(FeatureError.InvalidInput, exception.Error);
        Assert.Contains("'page'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("at most 512", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EncodeKey_HalfASurrogatePair_IsRefused()
    {
        var entity = new Entity { Name = "page", Keys = [new EntityKey("url", FeatureType.String)] };

        var exception = Assert.Throws<FeatureException>(() => EntityKeyCodec.Encode(entity, [FeatureValue.FromString("a\uD800")]));

        Assert.Equal(FeatureError.InvalidInput, exception.Error);
    }

    private static FeatureValue Make(Random random, FeatureType type)
    {
        if (random.Next(4) == 0)
        {
            return FeatureValue.Null(type);
        }

        var bytes = new byte[random.Next(40)];
        random.NextBytes(bytes);
        return type switch
        {
            FeatureType.Bool => FeatureValue.FromBool(random.Next(2) == 0),
            FeatureType.Int64 => FeatureValue.FromInt64(random.NextInt64(long.MinValue, long.MaxValue)),
            FeatureType.Timestamp => FeatureValue.FromTimestamp(random.NextInt64(long.MinValue, long.MaxValue)),
            FeatureType.Float32 => FeatureValue.FromFloat32(BitConverter.Int32BitsToSingle(random.Next())),
            FeatureType.Float64 => FeatureValue.FromFloat64(BitConverter.Int64BitsToDouble(random.NextInt64())),
            FeatureType.String => FeatureValue.FromString(Convert.ToBase64String(bytes) + "äöü€😀"),
            _ => FeatureValue.FromBytes(bytes),
        };
    }
}

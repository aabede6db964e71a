using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class RequestBinderTests
{
    private static readonly PredictionPlan Plan = new(new FakeFeatureServices().Apply(ServingHost.Definitions, "fraud"), []);
    private static readonly RequestColumn Customer = ServingHost.Ids("customer_id", 1);
    private static readonly RequestColumn Terminal = ServingHost.Ids("terminal_id", 2);

    [Theory]
    [InlineData("The entity column 'terminal_id' (int64) is missing. Feature service 'fraud' needs 'customer_id' (int64), 'terminal_id' (int64).")]
    public void Bind_MissingKey_NamesWhatIsNeeded(string message) => Assert.Equal(message, Refusal([Customer], [ServingHost.Amounts(1)]));

    [Fact]
    public void Bind_MissingRequestValue_NamesItAndItsType() =>
        Assert.Equal("The request column 'amount' (float64) is missing, and it has no default.", Refusal([Customer, Terminal], []));

    [Fact]
    public void Bind_StringForAnIntegerKey_IsRefusedByType() => Assert.Equal(
        "The entity column 'customer_id' holds string values; expected int64.",
        Refusal([Texts("customer_id", "7"), Terminal], [ServingHost.Amounts(1)]));

    [Fact]
    public void Bind_FractionForAnIntegerKey_IsRefused() => Assert.Equal(
        "The entity column 'customer_id' holds float64 values; expected int64.",
        Refusal([new("customer_id", FeatureType.Float64, new[] { FeatureValue.FromFloat64(7) }), Terminal], [ServingHost.Amounts(1)]));

    [Fact]
    public void Bind_UnknownColumns_AreRefused()
    {
        Assert.Equal(
            "The entity column 'customer' is not known. Feature service 'fraud' needs 'customer_id' (int64), 'terminal_id' (int64).",
            Refusal([Customer, Terminal, ServingHost.Ids("customer", 1)], [ServingHost.Amounts(1)]));
        Assert.Equal(
            "The request column 'amonut' is not known. Feature service 'fraud' takes 'amount', 'channel', 'time'.",
            Refusal([Customer, Terminal], [ServingHost.Amounts(1), new("amonut", FeatureType.Float64, new[] { FeatureValue.FromFloat64(1) })]));
    }

    [Fact]
    public void Bind_RepeatedColumn_IsRefused() =>
        Assert.Equal("The entity column 'customer_id' is given twice.", Refusal([Customer, Customer, Terminal], [ServingHost.Amounts(1)]));

    [Fact]
    public void Bind_LengthsThatDisagree_AreRefused()
    {
        Assert.Equal(
            "The request column 'amount' has 3 values; expected 1 or 2, as many as 'customer_id' has.",
            Refusal([ServingHost.Ids("customer_id", 1, 2), Terminal], [ServingHost.Amounts(1, 2, 3)]));
        Assert.Equal("The request column 'amount' has no values; expected one, or one per row.", Refusal([Customer, Terminal], [ServingHost.Amounts()]));
        Assert.Equal("The request has 11 rows; expected at most 10.", Refusal([ServingHost.Ids("customer_id", new long[11]), Terminal], [ServingHost.Amounts(1)]));
    }

    [Fact]
    public void Bind_NullWithoutDefault_IsRefusedWithItsRow() => Assert.Equal(
        "The request column 'amount' is null in row 1, and it has no default.",
        Refusal([Customer, Terminal], [new("amount", FeatureType.Float64, new[] { FeatureValue.FromFloat64(1), FeatureValue.Null(FeatureType.Float64) })]));

    [Fact]
    public void Bind_NullWithDefault_TakesTheDefault()
    {
        var bound = Bind([Customer, Terminal], [ServingHost.Amounts(1), new("channel", FeatureType.String, new[] { FeatureValue.Null(FeatureType.String), FeatureValue.FromString("app") })]);

        Assert.Equal(["web", "app"], new[] { bound.Values[1][0].AsString(), bound.Values[1][1].AsString() });
        Assert.Equal([true, false], new[] { bound.Values[1].IsDefaulted(0), bound.Values[1].IsDefaulted(1) });
        Assert.False(bound.Values[0].IsDefaulted(0));
        Assert.True(Bind([Customer, Terminal], [ServingHost.Amounts(1)]).Values[1].IsDefaulted(0));
        Assert.Equal(2, bound.Rows);
    }

    [Fact]
    public void Bind_WiderAndNarrowerNumbers_BecomeTheDeclaredType()
    {
        Assert.Equal(2.5, Bind([Customer, Terminal], [new("amount", FeatureType.Float32, new[] { FeatureValue.FromFloat32(2.5f) })]).Values[0][0].AsFloat64());
        Assert.Equal(3, Bind([Customer, Terminal], [new("amount", FeatureType.Int64, new[] { FeatureValue.FromInt64(3) })]).Values[0][0].AsFloat64());
        Assert.Equal(
            "The request column 'amount' holds the int64 9007199254740993 in row 0; expected a value that float64 holds exactly.",
            Refusal([Customer, Terminal], [new("amount", FeatureType.Int64, new[] { FeatureValue.FromInt64(9007199254740993) })]));
    }

    [Fact]
    public void Bind_TimeAsTextOrNumber_IsMicroseconds()
    {
        RequestColumn amount = ServingHost.Amounts(1);
        Assert.Equal([1533729600000000L], Bind([Customer, Terminal], [amount, Texts("time", "2018-08-08T14:00:00+02:00")]).Time);
        Assert.Equal([42L], Bind([Customer, Terminal], [amount, ServingHost.Ids("time", 42)]).Time);
        Assert.Equal([5L], Bind([Customer, Terminal], [amount]).Time);
        Assert.Contains(
            "holds the string 2018-08-08T14:00:00 in row 0; expected a timestamp with a zone",
            Refusal([Customer, Terminal], [amount, Texts("time", "2018-08-08T14:00:00")]),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FeatureType.String, FeatureType.Int64)]
    [InlineData(FeatureType.String, FeatureType.Float64)]
    [InlineData(FeatureType.Float64, FeatureType.Int64)]
    [InlineData(FeatureType.Bool, FeatureType.Int64)]
    [InlineData(FeatureType.Int64, FeatureType.Bool)]
    [InlineData(FeatureType.Int64, FeatureType.String)]
    [InlineData(FeatureType.Bytes, FeatureType.String)]
    [InlineData(FeatureType.Timestamp, FeatureType.Int64)]
    public void CanConvert_TypesThatOnlyLookAlike_IsFalse(FeatureType from, FeatureType to) => Assert.False(ValueCoercion.CanConvert(from, to));

    [Fact]
    public void TryConvert_Float64BeyondFloat32_IsRefusedAndInfinityIsKept()
    {
        Assert.False(ValueCoercion.TryConvert(FeatureValue.FromFloat64(1e300), FeatureType.Float32, out _));
        Assert.True(ValueCoercion.TryConvert(FeatureValue.FromFloat64(double.PositiveInfinity), FeatureType.Float32, out var infinity));
        Assert.Equal(float.PositiveInfinity, infinity.AsFloat32());
        Assert.True(ValueCoercion.TryConvert(FeatureValue.FromFloat64(0.1), FeatureType.Float32, out var rounded));
        Assert.Equal(0.1f, rounded.AsFloat32());
    }

    private static RequestColumn Texts(string name, params string[] values) => new(name, FeatureType.String, values.Select(FeatureValue.FromString).ToArray());

    private static BoundRequest Bind(IReadOnlyList<RequestColumn> entities, IReadOnlyList<RequestColumn> request) =>
        RequestBinder.Bind(Plan, new PredictionRequest { Model = "fraud", Entities = entities, Request = request }, 10, 5);

    private static string Refusal(IReadOnlyList<RequestColumn> entities, IReadOnlyList<RequestColumn> request)
    {
        var exception = Assert.Throws<ServingException>(() => Bind(entities, request));
        Assert.Equal(ServingError.InvalidInput, exception.Error);
        return exception.Message;
    }
}

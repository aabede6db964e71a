namespace ZeroWorld.ML.Features.Tests;

public sealed class BuildRowTests
{
    private static readonly FeatureValue NoNumber = FeatureValue.Null(FeatureType.Float64);

    [Fact]
    public void BuildRow_FraudService_AllocatesNothing()
    {
        var definitions = DefinitionLoader.LoadFolder(Path.Combine(AppContext.BaseDirectory, "fraud.yaml"));
        var plan = new FeatureServicePlan(definitions.GetService("fraud"), static _ => true);
        const long Day = 86_400_000_000;
        ViewPayload[] payloads = [.. plan.Views.Select(view => new ViewPayload(ViewPayloadState.Answered, Events(view.Field, Day), long.MinValue))];
        FeatureValue[] request = [FeatureValue.FromFloat64(50)];
        var row = new FeatureCell[15];
        plan.BuildRow(100 * Day, request, payloads, row);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 100; round++)
        {
            plan.BuildRow(100 * Day, request, payloads, row);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.All(row, static cell => Assert.Equal(FeatureStatus.Present, cell.Status));
    }

    [Fact]
    public void Fill_OverwrittenRow_IsUnavailableAndDefaulted()
    {
        var (plan, field) = Plan(TestViews.LastValue(null, TestViews.Feature("a", FeatureType.Float64, FeatureValue.FromFloat64(7))));
        var row = new FeatureCell[1];

        plan.BuildRow(10, [], [Answer(OnlineRowCodec.Encode(field, 11, 11, [FeatureValue.FromFloat64(1)]))], row);

        Assert.Equal(new FeatureCell(FeatureValue.FromFloat64(7), FeatureStatus.Unavailable, null, true), row[0]);
    }

    [Theory]
    [InlineData(long.MinValue + 1, 0, FeatureStatus.OutsideMaxAge)]
    [InlineData(long.MinValue + 1, long.MaxValue, FeatureStatus.OutsideMaxAge)]
    [InlineData(-10, -5, FeatureStatus.Present)]
    [InlineData(long.MaxValue - 5, long.MaxValue, FeatureStatus.Present)]
    [InlineData(long.MaxValue - 6, long.MaxValue, FeatureStatus.OutsideMaxAge)]
    public void Fill_AgeAtTheEndsOfTime_DoesNotOverflow(long eventTime, long q, FeatureStatus expected)
    {
        var (plan, field) = Plan(TestViews.LastValue(5, TestViews.Feature("a", FeatureType.Float64)));
        var row = new FeatureCell[1];

        plan.BuildRow(q, [], [Answer(OnlineRowCodec.Encode(field, eventTime, eventTime, [FeatureValue.FromFloat64(1)]))], row);

        Assert.Equal(expected, row[0].Status);
    }

    [Fact]
    public void Fill_BrokenBytes_AreUnavailableAndNeverThrow()
    {
        var (plan, field) = Plan(TestViews.LastValue(
            null, TestViews.Feature("a", FeatureType.String), TestViews.Feature("b", FeatureType.Float64), TestViews.Feature("c", FeatureType.Bytes)));
        var bytes = OnlineRowCodec.Encode(field, 5, 6, [FeatureValue.FromString("text"), NoNumber, FeatureValue.FromBytes([1, 2, 3])]);
        var row = new FeatureCell[3];
        for (var length = 1; length < bytes.Length; length++)
        {
            plan.BuildRow(10, [], [Answer(bytes[..length])], row);
            Assert.All(row, static cell => Assert.Equal(FeatureStatus.Unavailable, cell.Status));
        }

        plan.BuildRow(10, [], [Answer([.. bytes, 0])], row);
        Assert.All(row, static cell => Assert.Equal(FeatureStatus.Unavailable, cell.Status));

        var random = new Random(3);
        for (var round = 0; round < 5_000; round++)
        {
            var broken = (byte[])bytes.Clone();
            broken[random.Next(broken.Length)] = (byte)random.Next(256);
            plan.BuildRow(random.NextInt64(0, 20), [], [Answer(broken)], row);
        }
    }

    [Fact]
    public void BuildRow_ColumnsOfAViewInAnotherOrder_GetTheirOwnValues()
    {
        var view = TestViews.LastValue(
            null, TestViews.Feature("a", FeatureType.String), TestViews.Feature("b", FeatureType.Int64), TestViews.Feature("c", FeatureType.Float64));
        var service = TestViews.Service([], [], view);
        service = service with { Columns = [service.Columns[2], service.Columns[1]] };
        var plan = new FeatureServicePlan(service, static _ => false);
        var row = new FeatureCell[2];

        plan.BuildRow(
            10, [], [Answer(OnlineRowCodec.Encode(plan.Views[0].Field, 5, 5, [FeatureValue.FromString("x"), FeatureValue.FromInt64(3), FeatureValue.FromFloat64(4)]))], row);

        Assert.Equal(4.0, row[0].Value.AsFloat64());
        Assert.Equal(3, row[1].Value.AsInt64());
        Assert.Equal(5, row[1].EventTime);
    }

    [Fact]
    public void FindMissingRequired_NeitherValueNorDefault_NamesTheColumn()
    {
        var optional = TestViews.Feature("a", FeatureType.Float64);
        var required = new LastValueFeature(new FeatureField("b", FeatureType.Float64, NoNumber, IsRequired: true), "b");
        var (plan, field) = Plan(TestViews.LastValue(null, optional, required));
        var row = new FeatureCell[2];

        plan.BuildRow(10, [], [Answer(OnlineRowCodec.Encode(field, 5, 5, [NoNumber, FeatureValue.FromFloat64(1)]))], row);
        Assert.Equal(-1, plan.FindMissingRequired(row));

        plan.BuildRow(10, [], [Answer(default)], row);
        Assert.Equal(1, plan.FindMissingRequired(row));
    }

    private static (FeatureServicePlan Plan, StorageField Field) Plan(FeatureView view)
    {
        var plan = new FeatureServicePlan(TestViews.Service([], [], view), static _ => false);
        return (plan, plan.Views[0].Field);
    }

    private static ViewPayload Answer(byte[]? bytes) => new(ViewPayloadState.Answered, bytes, long.MinValue);

    private static byte[] Events(StorageField field, long day)
    {
        var builder = new WindowBlockBuilder(field);
        for (var id = 0; id < 100; id++)
        {
            builder.Add((100 * day) - (id * day / 3), (100 * day) - (id * day / 3), FeatureValue.FromInt64(id), "i1", [FeatureValue.FromFloat64(id)]);
        }

        return builder.Build();
    }
}

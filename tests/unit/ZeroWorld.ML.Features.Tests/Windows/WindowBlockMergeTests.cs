using System.Buffers.Binary;

namespace ZeroWorld.ML.Features.Tests;

public sealed class WindowBlockMergeTests
{
    private const int CapMax = 1000;

    public static TheoryData<int, bool> Seeds => [.. Enumerable.Range(0, 20).Select(static seed => (seed, seed % 2 == 0))];

    /// <summary>Whatever the order, grouping and repetition of the appends, the block ends as the plain rule says.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Merge_OfTheSameEventsInAnyOrder_EndsAsTheRuleSays(int seed, bool hasIntegerEventId)
    {
        var random = new Random(seed);
        var field = Field(hasIntegerEventId);
        var eventsMax = 1 + random.Next(30);
        var events = Enumerable.Range(0, random.Next(60)).Select(id => (Time: (long)random.Next(25), Created: (long)random.Next(25), Id: (long)id)).ToArray();
        var trim = random.Next(2) == 0 ? long.MinValue : random.Next(25);
        var block = Array.Empty<byte>();
        foreach (var chunk in Shuffled(events, random).Chunk(1 + random.Next(7)).Concat(Shuffled(events, random).Chunk(1 + random.Next(20))))
        {
            block = WindowBlockMerge.Merge(field, block, Block(field, chunk), long.MinValue, eventsMax);
        }

        block = WindowBlockMerge.Merge(field, block, Block(field, events), trim, eventsMax);

        Assert.Equal(ByTheRule(field, events, trim, eventsMax), block);
    }

    [Fact]
    public void Merge_OfAKnownId_KeepsTheFirst()
    {
        var field = Field(hasIntegerEventId: true);
        var first = Block(field, (10, 10, 1), (20, 20, 2));

        Assert.Equal(first, WindowBlockMerge.Merge(field, first, Block(field, (15, 15, 1), (30, 30, 2)), long.MinValue, CapMax));
    }

    [Fact]
    public void Merge_OfABlockThatWasTrimmedByItsWriter_TakesItsCoverage()
    {
        var field = Field(hasIntegerEventId: true);
        var builder = new WindowBlockBuilder(field);
        builder.Add(50, 50, FeatureValue.FromInt64(5), "i1", [FeatureValue.FromFloat64(5)]);

        var merged = WindowBlockMerge.Merge(field, Block(field, (10, 10, 1), (40, 40, 4)), builder.Build(trim: 30), long.MinValue, CapMax);

        Assert.Equal(30, CoveredFrom(merged));
        Assert.Equal(2, Count(merged));
    }

    [Theory]
    [InlineData(2, 20, 1)]
    [InlineData(3, 10, 3)]
    [InlineData(4, long.MinValue, 4)]
    public void Prepare_AtTheCap_DropsTheOldestWithTheirEquals(int eventsMax, long coveredFrom, int events)
    {
        var field = Field(hasIntegerEventId: true);

        var block = WindowBlockMerge.Prepare(field, Block(field, (10, 10, 1), (20, 20, 2), (20, 20, 3), (30, 30, 4)), long.MinValue, eventsMax).ToArray();

        Assert.Equal(coveredFrom, CoveredFrom(block));
        Assert.Equal(events, Count(block));
    }

    [Fact]
    public void Prepare_ThatChangesNothing_GivesTheSameMemory()
    {
        var field = Field(hasIntegerEventId: true);
        ReadOnlyMemory<byte> block = Block(field, (10, 10, 1));

        Assert.True(block.Equals(WindowBlockMerge.Prepare(field, block, long.MinValue, 1)));
    }

    [Fact]
    public void Merge_OfBytesThatAreNoBlock_IsRefused()
    {
        var field = Field(hasIntegerEventId: true);
        var exception = Assert.Throws<FeatureException>(() => WindowBlockMerge.Merge(field, new byte[30], Block(field, (1, 1, 1)), long.MinValue, 1));

        Assert.Equal(FeatureError.CorruptData, exception.Error);
    }

    /// <summary>The rule without any merging: the events after the smallest bound that leaves no more than the cap.</summary>
    private static byte[] ByTheRule(StorageField field, (long Time, long Created, long Id)[] events, long trim, int eventsMax)
    {
        var bound = trim;
        foreach (var time in events.Select(static item => item.Time).Distinct().Order())
        {
            if (events.Count(item => item.Time > bound) > eventsMax)
            {
                bound = Math.Max(bound, time);
            }
        }

        var kept = Block(field, [.. events.Where(item => item.Time > bound)]);
        BinaryPrimitives.WriteInt64LittleEndian(kept.AsSpan(16), bound);
        return kept;
    }

    private static T[] Shuffled<T>(T[] items, Random random)
    {
        var copy = items.ToArray();
        random.Shuffle(copy);
        return copy;
    }

    private static long CoveredFrom(byte[] block) => BinaryPrimitives.ReadInt64LittleEndian(block.AsSpan(16));

    private static int Count(byte[] block) => BinaryPrimitives.ReadInt32LittleEndian(block.AsSpan(4));

    private static byte[] Block(StorageField field, params ReadOnlySpan<(long Time, long Created, long Id)> events)
    {
        var builder = new WindowBlockBuilder(field);
        foreach (var (time, created, id) in events)
        {
            var eventId = field.EventIdWidth == 8 ? FeatureValue.FromInt64(id) : FeatureValue.FromString($"event {id}");
            builder.Add(time, created, eventId, "i1", [FeatureValue.FromFloat64(id)]);
        }

        return builder.Build();
    }

    private static StorageField Field(bool hasIntegerEventId) => StorageField.Of(
        new WindowedView
        {
            Project = "default",
            Name = "spending",
            Entity = new Entity { Name = "customer", Keys = [new EntityKey("customer_id", FeatureType.Int64)] },
            Source = new ViewSource { Table = "transactions", EventTimeColumn = "time", KeyColumns = ["customer_id"] },
            Features =
            [
                new WindowFeature(
                    new FeatureField("amount_mean", FeatureType.Float64, FeatureValue.Null(FeatureType.Float64), false),
                    AggregateFunction.Mean,
                    "amount",
                    TimeSpan.FromDays(1)),
            ],
        },
        hasIntegerEventId);
}

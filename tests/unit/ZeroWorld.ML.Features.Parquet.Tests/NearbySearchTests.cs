namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class NearbySearchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(300)]
    public void Find_FromAnyPlace_IsTheFirstThatIsNotBefore(int count)
    {
        var random = new Random(count);
        for (var repeat = 0; repeat < 200; repeat++)
        {
            // What lies around the entity's times must not count, nor is there room for whole vectors behind the last ones.
            var (first, behind) = (random.Next(20), random.Next(20));
            long[] times = [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(-5, 2 * count)).Distinct().Order()];
            long[] all = [.. Enumerable.Repeat(0L, first).Select(_ => random.NextInt64(-9, 9)), .. times, .. Enumerable.Repeat(0L, behind).Select(_ => random.NextInt64(-9, 9))];
            var end = first + times.Length;
            for (var wanted = -7L; wanted < (2 * count) + 2; wanted += 1 + random.Next(3))
            {
                var expected = first + times.Count(time => time < wanted);

                Assert.Equal(expected, NearbySearch.Find(all, first, random.Next(first, end), end, wanted));
            }
        }
    }
}

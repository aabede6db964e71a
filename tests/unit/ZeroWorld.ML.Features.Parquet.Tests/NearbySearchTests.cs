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

    [Fact]
    public void Guess_OfTimesThatAreSpreadEvenly_LiesRightBeforeThePlace()
    {
        long[] all = [7, .. Enumerable.Range(0, 500).Select(static time => 1000L + (10 * time)), 7];

        for (var wanted = 900L; wanted < 6_100; wanted += 7)
        {
            var guess = NearbySearch.Guess(all, 1, 501, wanted);

            Assert.InRange(guess, 1, 500);
            Assert.InRange(NearbySearch.Find(all, 1, guess, 501, wanted), guess, guess + NearbySearch.Count);
        }
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(long.MinValue, long.MaxValue)]
    public void Guess_OfTimesOfAnyRange_IsOneOfTheirPlaces(long least, long greatest)
    {
        long[] all = [least, greatest, greatest];

        Assert.All(new[] { long.MinValue, 0, 5, 6, long.MaxValue }, wanted => Assert.InRange(NearbySearch.Guess(all, 0, 3, wanted), 0, 2));
    }
}

namespace ZeroWorld.ML.Training.Tests;

public sealed class AdamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(37)]
    public void Step_ManyTimes_EqualsTheFormulaInDoublePrecision(int weights)
    {
        var random = new Random(3);
        var values = Draw(1);
        var expected = Array.ConvertAll(values, static value => (double)value);
        var (first, second) = (new double[weights], new double[weights]);
        var adam = new Adam(weights);

        for (var step = 1; step <= 50; step++)
        {
            var slopes = Draw(4);
            adam.Step(values, slopes, 0.01, 0.25f);
            for (var index = 0; index < weights; index++)
            {
                var slope = slopes[index] * 0.25;
                first[index] = (0.9 * first[index]) + (0.1 * slope);
                second[index] = (0.999 * second[index]) + (0.001 * slope * slope);
                var (mean, square) = (first[index] / (1 - Math.Pow(0.9, step)), second[index] / (1 - Math.Pow(0.999, step)));
                expected[index] -= 0.01 * mean / (Math.Sqrt(square) + 1e-8);
            }
        }

        Assert.Equal(50, adam.Steps);
        Assert.All(Enumerable.Range(0, weights), index => Assert.Equal(expected[index], values[index], 2e-5));

        float[] Draw(double scale) => [.. Enumerable.Range(0, weights).Select(_ => (float)(scale * (random.NextDouble() - 0.5)))];
    }

    [Fact]
    public void Step_GradientOfZeros_LeavesTheWeights()
    {
        float[] values = [1, -2, 3];

        new Adam(3).Step(values, new float[3], 0.1);

        Assert.Equal([1, -2, 3], values);
    }

    [Fact]
    public void Step_OfMomentsTakenOver_GoesOnAsIfNeverStopped()
    {
        float[] slopes = [0.5f, -1, 2, 0.1f, 0.3f, -0.2f, 4, 1, 9];
        var (whole, stopped) = (new float[9], new float[9]);
        var (one, other) = (new Adam(9), new Adam(9));
        one.Step(whole, slopes, 0.1);
        other.Step(stopped, slopes, 0.1);
        var resumed = new Adam(other.First.ToArray(), other.Second.ToArray(), other.Steps);

        one.Step(whole, slopes, 0.1);
        resumed.Step(stopped, slopes, 0.1);

        Assert.Equal(whole, stopped);
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 2)]
    public void Step_OtherNumbersOfValues_IsRefused(int weights, int slopes) =>
        Assert.Throws<ArgumentException>("gradient", () => new Adam(3).Step(new float[weights], new float[slopes], 0.1));
}

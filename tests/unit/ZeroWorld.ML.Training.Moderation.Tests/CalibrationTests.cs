using Xunit;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class CalibrationTests
{
    // Lengths around whole vectors of eight; labels that may not be answered have minus infinity.
    [Fact]
    public void Softmax_AnyLength_IsThatOfTheDefinition()
    {
        var random = new Random(2);
        for (var length = 1; length < 40; length++)
        {
            float[] values = [.. Enumerable.Range(0, length).Select(place => place > 0 && random.Next(4) == 0 ? float.NegativeInfinity : (random.NextSingle() * 200) - 100)];
            var most = values.Max();
            double[] powers = [.. values.Select(value => Math.Exp(value - most))];
            double[] expected = [.. powers.Select(power => power / powers.Sum())];

            Calibration.Softmax(values);

            for (var place = 0; place < length; place++)
            {
                Assert.Equal(expected[place], values[place], 1e-6);
            }
        }
    }
}

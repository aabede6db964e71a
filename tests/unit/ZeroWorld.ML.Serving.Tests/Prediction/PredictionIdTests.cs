namespace ZeroWorld.ML.Serving.Tests;

public sealed class PredictionIdTests
{
    [Fact]
    public void TryGetTime_OwnId_GivesTheMillisecond()
    {
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

        Assert.True(PredictionId.TryGetTime(PredictionId.New(time), out var read));
        Assert.Equal(time, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0198d1c5f0007abc8def0123456789a")]
    [InlineData("0198d1c5f0007abc8def0123456789abc")]
    [InlineData("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    [InlineData("00000000000000000000000000000000")]
    [InlineData("../../../../etc/passwd0000000000")]
    public void TryGetTime_AnythingElse_IsFalse(string? text) => Assert.False(PredictionId.TryGetTime(text, out _));
}

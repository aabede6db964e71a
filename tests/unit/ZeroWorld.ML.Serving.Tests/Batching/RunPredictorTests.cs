namespace ZeroWorld.ML.Serving.Tests;

public sealed class RunPredictorTests
{
    [Fact]
    public void IsFull_RowsThatGetCheaper_IsWhereTheyDoNoMore()
    {
        var predictor = new RunPredictor();
        foreach (var (rows, ticks) in (ReadOnlySpan<(int, long)>)[(1, 500), (4, 700), (8, 1000), (16, 1450), (32, 2400), (64, 4600)])
        {
            predictor.Add(rows, 2 * ticks, ticks);
        }

        Assert.False(predictor.IsFull(1));
        Assert.False(predictor.IsFull(7));
        Assert.False(predictor.IsFull(31));
        Assert.True(predictor.IsFull(64));
        Assert.True(predictor.IsFull(1000));
    }

    [Fact]
    public void IsFull_OneSizeOnly_IsNotKnown()
    {
        var predictor = new RunPredictor();
        Assert.False(predictor.IsFull(8));

        predictor.Add(8, 1000, 1000);

        Assert.False(predictor.IsFull(31));
        predictor.Add(96, 11_500, 11_500);
        Assert.True(predictor.IsFull(8));
        Assert.True(predictor.IsFull(64));
    }

    [Fact]
    public void IsFull_TimesThatSayOtherwise_LooksAtWhatRunsCost()
    {
        var predictor = new RunPredictor();
        predictor.Add(4, 400, 1000);
        predictor.Add(16, 1600, 1600);

        Assert.False(predictor.IsFull(16));
        Assert.Equal(400, predictor.Predict(4));
    }

    [Fact]
    public void IsFull_CostsNotMeasured_IsNotKnown()
    {
        var predictor = new RunPredictor();
        predictor.Add(4, 1000, 0);
        predictor.Add(16, 4000, 0);

        Assert.False(predictor.IsFull(16));
    }

    [Theory]
    [InlineData(1900, true)]
    [InlineData(1300, false)]
    public void IsFull_ManyRows_WaitOnlyForWhatSavesHalf(long cost, bool isFull)
    {
        var predictor = new RunPredictor();
        Assert.True(predictor.IsFull(32));

        predictor.Add(32, 1000, 1000);
        predictor.Add(64, cost, cost);

        Assert.Equal(isFull, predictor.IsFull(32));
        Assert.Equal(isFull, predictor.IsFull(64));
    }
}

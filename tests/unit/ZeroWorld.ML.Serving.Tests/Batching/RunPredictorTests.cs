namespace ZeroWorld.ML.Serving.Tests;

public sealed class RunPredictorTests
{
    [Fact]
    public void IsFull_RowsThatGetCheaper_IsWhereTheyDoNoMore()
    {
        var predictor = new RunPredictor();
        foreach (var (rows, ticks) in (ReadOnlySpan<(int, long)>)[(1, 500), (4, 700), (8, 1000), (16, 1450), (32, 2400), (64, 4600)])
        {
            predictor.Add(rows, ticks);
        }

        Assert.False(predictor.IsFull(1));
        Assert.False(predictor.IsFull(7));
        Assert.False(predictor.IsFull(31));
        Assert.True(predictor.IsFull(32));
        Assert.True(predictor.IsFull(1000));
    }

    [Fact]
    public void IsFull_OneSizeOnly_IsNotKnown()
    {
        var predictor = new RunPredictor();
        Assert.False(predictor.IsFull(8));

        predictor.Add(8, 1000);

        Assert.False(predictor.IsFull(8));
        predictor.Add(96, 11_500);
        Assert.True(predictor.IsFull(8));
        Assert.True(predictor.IsFull(64));
    }
}

using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Client.Tests;

public sealed class PredictionQueryTests
{
    [Fact]
    public void ToRequest_EveryKindOfColumn_IsTypedAsGiven()
    {
        var time = new DateTimeOffset(2018, 8, 8, 12, 0, 0, TimeSpan.FromHours(2));

        var request = new PredictionQuery("fraud", "shop").UseVersion(3)
            .WithEntity("customer_id", 1, 2).WithEntity("terminal", "a")
            .WithValue("amount", 57.16).WithValue("count", 7L).WithValue("text", "x").WithValue("flag", true).WithValue("since", time)
            .At(time).OmitFeatures().ToRequest();

        Assert.Equal(("shop", "fraud", 3L, true), (request.Project, request.Model, request.Version, request.OmitFeatures));
        Assert.Equal([1L, 2L], request.Entities[0].Int64S.Values);
        Assert.Equal(["a"], request.Entities[1].Strings.Values);
        Assert.Equal(["amount", "count", "text", "flag", "since", "time"], request.Request.Select(column => column.Name));
        Assert.Equal([57.16], request.Request[0].Float64S.Values);
        Assert.Equal([7L], request.Request[1].Int64S.Values);
        Assert.Equal(["x"], request.Request[2].Strings.Values);
        Assert.Equal([true], request.Request[3].Bools.Values);
        Assert.Equal([1533722400_000000L], request.Request[5].Timestamps.Microseconds);
    }

    [Fact]
    public void UseAlias_AfterUseVersion_ReplacesIt()
    {
        var request = new PredictionQuery("fraud").UseVersion(3).UseAlias("challenger").ToRequest();

        Assert.Equal(PredictRequest.VersionSelectorOneofCase.Alias, request.VersionSelectorCase);
        Assert.Equal("challenger", request.Alias);
    }

    [Fact]
    public void At_BeforeTheEpoch_IsFlooredToMicroseconds()
    {
        var request = new PredictionQuery("fraud").At(DateTimeOffset.UnixEpoch.AddTicks(-1)).ToRequest();

        Assert.Equal([-1L], request.Request[0].Timestamps.Microseconds);
    }
}

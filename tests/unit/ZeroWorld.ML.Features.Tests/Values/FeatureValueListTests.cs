namespace ZeroWorld.ML.Features.Tests;

public sealed class FeatureValueListTests
{
    [Fact]
    public void Equals_OfLists_ComparesElementsByTheirBits()
    {
        Assert.Equal(FeatureValue.FromFloat64List([double.NaN, 0.0]), FeatureValue.FromFloat64List([double.NaN, 0.0]));
        Assert.NotEqual(FeatureValue.FromFloat64List([0.0]), FeatureValue.FromFloat64List([-0.0]));
        Assert.NotEqual(FeatureValue.FromInt64List([1, 2]), FeatureValue.FromInt64List([1]));
        Assert.NotEqual(FeatureValue.FromInt64List([]), FeatureValue.Null(FeatureType.Int64List));
        Assert.NotEqual(FeatureValue.FromInt64List([]), FeatureValue.FromFloat64List([]));
        Assert.Equal(FeatureValue.FromStringList(["a", "\u00e9"]), FeatureValue.FromStringList(["a", "\u00e9"]));
        Assert.Equal(FeatureValue.FromStringList(["a"]).GetHashCode(), FeatureValue.FromStringList(["a"]).GetHashCode());
    }

    [Fact]
    public void ToString_OfLists_ShowsTheElements()
    {
        Assert.Equal("[1, -2]", FeatureValue.FromInt64List([1, -2]).ToString());
        Assert.Equal("[0.5, NaN]", FeatureValue.FromFloat64List([0.5, double.NaN]).ToString());
        Assert.Equal("[]", FeatureValue.FromStringList([]).ToString());
        Assert.True(FeatureValue.FromStringList([]).IsList);
        Assert.False(FeatureValue.FromStringList([]).IsNumeric);
    }
}

namespace ZeroWorld.ML.Models.Tests;

public sealed class TensorReshapeTests
{
    [Theory]
    [InlineData(new long[] { 3, 4 }, new long[] { 1, 3, 4 }, new long[] { 3, 4 }, new long[] { 1, 3, 4 })]
    [InlineData(new long[] { 1 }, new long[] { }, new long[] { 1 }, new long[] { })]
    [InlineData(new long[] { -1, 1 }, new long[] { -1 }, new long[] { 5, 1 }, new long[] { 5 })]
    [InlineData(new long[] { -1, 4, -1 }, new long[] { -1, 2, 2, -1, 1 }, new long[] { 7, 4, 9 }, new long[] { 7, 2, 2, 9, 1 })]
    [InlineData(new long[] { -1, -1 }, new long[] { -1, 1, -1 }, new long[] { 0, 3 }, new long[] { 0, 1, 3 })]
    public void Map_ShapesOfTheSameElements_AreOneAnothers(long[] request, long[] model, long[] asked, long[] expected)
    {
        var reshape = new TensorReshape(request, model);

        Assert.Null(reshape.FindProblem());
        Assert.Equal(expected, reshape.ToModel(asked));
        Assert.Equal(asked, reshape.ToRequest(expected));
    }

    [Theory]
    [InlineData(new long[] { 3, 4 }, new long[] { 3, 5 }, "[3, 4] and [3, 5] do not have the same elements")]
    [InlineData(new long[] { -1, 4 }, new long[] { 4, -1 }, "do not have the same elements")]
    [InlineData(new long[] { -1 }, new long[] { -1, -1 }, "[-1] has 1 open dimensions and [-1, -1] has 2; expected as many")]
    public void FindProblem_OtherElements_SaysWhich(long[] request, long[] model, string expected) =>
        Assert.Contains(expected, new TensorReshape(request, model).FindProblem(), StringComparison.Ordinal);

    [Theory]
    [InlineData(new long[] { 3 })]
    [InlineData(new long[] { 2, 5 })]
    public void ToModel_ShapeThatIsNotAllowed_IsNone(long[] shape) => Assert.Null(new TensorReshape([-1, 4], [-1, 2, 2]).ToModel(shape));
}

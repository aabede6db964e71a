using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.TorchSharp.Tests;

public sealed class TorchOrderTests
{
    [Theory]
    [InlineData("a b", null, "a b")]
    [InlineData("b a", "a b", "a b")]
    [InlineData("b a", "a c", "b a")]
    [InlineData("b a", "a", "b a")]
    [InlineData("x__1 y__0", null, "y__0 x__1")]
    [InlineData("x__1 y__0", "x__1 y__0", "x__1 y__0")]
    [InlineData("x__1 y", null, "x__1 y")]
    [InlineData("x__1 __0", null, "x__1 __0")]
    [InlineData("a__b__2 c__0 d__1", null, "c__0 d__1 a__b__2")]
    public void Order_DeclaredTensors_AreInThatOfForward(string declared, string? arguments, string expected)
    {
        var ordered = TorchOrder.Order([.. declared.Split(' ').Select(Spec)], arguments?.Split(' '), out var problem);

        Assert.Equal(expected, string.Join(' ', ordered.Select(static spec => spec.Name)));
        Assert.Null(problem);
    }

    [Theory]
    [InlineData("x__0 y__0")]
    [InlineData("x__0 y__2")]
    public void Order_PlacesThatAreNone_AreTold(string declared)
    {
        TorchOrder.Order([.. declared.Split(' ').Select(Spec)], null, out var problem);

        Assert.StartsWith("the places that 'x__0', 'y__", problem, StringComparison.Ordinal);
        Assert.EndsWith("name are not 0 to 1, each once", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("class Net(Module):\n  def forward(self: __torch__.Net, x: Tensor, y: Tensor) -> Tensor:\n    return x\n", "x y")]
    [InlineData("class Net(Module):\n  def forward(self: __torch__.Net,\n    x: Tensor,\n    y: Optional[Dict[str, Tensor]]=None,\n    z: Tuple[int, int]=(1, 2)) -> Tuple[Tensor, Tensor]:\n    return x\n", "x y z")]
    [InlineData("class Other(Module):\n  def forward(self: __torch__.Other, a: Tensor) -> Tensor:\n    return a\nclass Net(Module):\n  def forward(self: __torch__.Net) -> Tensor:\n    return 1\n", "")]
    [InlineData("class Net(Module):\n  def __call__(self: __torch__.Net) -> int:\n    return 1\nclass Other(Module):\n  def forward(self: __torch__.Other, a: Tensor) -> Tensor:\n    return a\n", null)]
    [InlineData("class Net(Module):\n  def forward(self: __torch__.Net, x: Ten", null)]
    [InlineData("class Network(Module):\n", null)]
    public void FindArguments_TextOfAModule_NamesThoseOfForward(string code, string? expected) =>
        Assert.Equal(expected, TorchForward.FindArguments(code, "Net") is { } found ? string.Join(' ', found) : null);

    private static TensorSpec Spec(string name) => new(name, TensorDtype.Float32, [-1]);
}

using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads <c>padding</c> out of a <c>model.yaml</c>. Whether the tensors are there is seen when the model is loaded.</summary>
internal static class PaddingConfig
{
    private const int SizesMax = 64;
    private const int AxesMax = 8;

    public static ModelPadding Read(IReadOnlyList<ConfigNode> fields)
    {
        var padding = new ModelPadding();
        foreach (var field in fields)
        {
            padding = field.Name switch
            {
                "rows" => padding with { Rows = AddSize(padding.Rows, field, 65536) },
                "axes" => padding with { Axes = padding.Axes.Count < AxesMax ? [.. padding.Axes, ReadAxis(field)] : throw Wrong(field, $"there are more than {AxesMax} axes") },
                _ => throw Wrong(field, $"there is no setting '{field.Name}'; expected one of rows, axes"),
            };
        }

        return padding;
    }

    private static PaddedAxis ReadAxis(ConfigNode node)
    {
        var axis = new PaddedAxis([], [], []);
        foreach (var field in PbConfigReader.Message(node))
        {
            axis = field.Name switch
            {
                "sizes" => axis with { Sizes = AddSize(axis.Sizes, field, int.MaxValue) },
                "inputs" => axis with { Inputs = [.. axis.Inputs, ReadInput(field)] },
                "outputs" => axis with { Outputs = [.. axis.Outputs, ReadInput(field) is { Value: 0 } output ? new PaddedOutput(output.Tensor, output.Axis) : throw Wrong(field, "an output is cut, so that it has no value")] },
                _ => throw Wrong(field, $"there is no setting '{field.Name}'; expected one of sizes, inputs, outputs"),
            };
        }

        return axis.Sizes.Count > 0 && axis.Inputs.Count > 0 ? axis : throw Wrong(node, "a padded axis needs sizes and at least one of the inputs that have it");
    }

    private static PaddedInput ReadInput(ConfigNode node)
    {
        var input = new PaddedInput("", 0);
        foreach (var field in PbConfigReader.Message(node))
        {
            input = field.Name switch
            {
                "name" when field.Kind != ConfigKind.Message => input with { Tensor = field.Text },
                "axis" => input with { Axis = (int)PbConfigReader.Number(field, 1, 31) },
                "value" => input with { Value = double.TryParse(field.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : throw field.Wrong("a number") },
                _ => throw Wrong(field, $"there is no setting '{field.Name}'; expected one of name, axis, value"),
            };
        }

        return input.Tensor.Length > 0 && input.Axis > 0 ? input : throw Wrong(node, "a padded tensor needs its name and its axis, 1 or more");
    }

    private static IReadOnlyList<int> AddSize(IReadOnlyList<int> sizes, ConfigNode node, int max)
    {
        var size = (int)PbConfigReader.Number(node, 1, max);
        return sizes.Count < SizesMax && (sizes.Count == 0 || sizes[^1] < size)
            ? [.. sizes, size]
            : throw Wrong(node, $"the sizes of padding must ascend, and be at most {SizesMax}: {size} is behind {(sizes.Count == 0 ? 0 : sizes[^1])}");
    }

    private static ModelConfigException Wrong(ConfigNode node, string reason) => new(node.Line, node.Column, reason);
}

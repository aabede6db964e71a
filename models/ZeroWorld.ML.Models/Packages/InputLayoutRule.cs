namespace ZeroWorld.ML.Models;

/// <summary>Whether the layout of a feature input, its features, shape and dtype belong together. Pure.</summary>
internal static class InputLayoutRule
{
    private static readonly string[] Numbers = ["FP32", "FP64", "INT64", "INT32"];
    private static readonly string[] Masks = [.. Numbers, "BOOL"];

    /// <returns>What does not, or <see langword="null"/>.</returns>
    public static string? FindProblem(ManifestInput input, IReadOnlyList<ManifestInput> inputs)
    {
        var layout = input.Layout ?? InputLayouts.Scalars;
        var shape = $"[{string.Join(", ", input.Shape)}]";
        if (!InputLayouts.All.Contains(layout))
        {
            return $"the input '{input.Tensor}' has the layout '{layout}'; expected one of {string.Join(", ", InputLayouts.All)}";
        }

        if (!double.IsFinite(input.Fill) || (input.Fill != 0 && layout != InputLayouts.List))
        {
            return $"the input '{input.Tensor}' has the fill {input.Fill}; expected a finite number with the layout list, and none with others";
        }

        if (input.SameLengthAs is { } other && (layout != InputLayouts.List || !inputs.Any(known => known?.Tensor == other && known.Layout == InputLayouts.List && known != input)))
        {
            return $"the input '{input.Tensor}' has same_length_as '{other}'; expected it with the layout list, and the tensor of another input of that layout";
        }

        if (layout == InputLayouts.Scalars)
        {
            return input.Shape.Count >= 2 && input.Shape[^1] == input.Features.Count
                ? null
                : $"the input '{input.Tensor}' names {input.Features.Count} features; expected the last axis of its shape {shape} to be as long";
        }

        if (layout == InputLayouts.Texts)
        {
            return FindProblemOfTexts(input, shape);
        }

        if (InputLayouts.AreTokens(layout))
        {
            return FindProblemOfTokens(input, inputs, layout, shape);
        }

        if (input.Features.Count != 1)
        {
            return $"the input '{input.Tensor}' of layout {layout} names {input.Features.Count} features; expected one, a list";
        }

        var dtypes = layout == InputLayouts.Mask ? Masks : Numbers;
        if (!dtypes.Contains(input.Dtype))
        {
            return $"the input '{input.Tensor}' of layout {layout} has the dtype {input.Dtype}; expected one of {string.Join(", ", dtypes)}";
        }

        var (fits, expected) = layout switch
        {
            InputLayouts.Vector => (input.Shape.Count == 2 && input.Shape[1] >= 1, "[-1, n] with n of 1 or more"),
            InputLayouts.Length => (input.Shape.Count == 1 || (input.Shape.Count == 2 && input.Shape[1] == 1), "[-1] or [-1, 1]"),
            _ => (input.Shape.Count == 2, "[-1, n], or [-1, -1] for any width"),
        };
        if (!fits)
        {
            return $"the input '{input.Tensor}' of layout {layout} has the shape {shape}; expected {expected}";
        }

        return input.Dtype is "INT64" or "INT32" && (!double.IsInteger(input.Fill) || Math.Abs(input.Fill) > int.MaxValue)
            ? $"the input '{input.Tensor}' of {input.Dtype} has the fill {input.Fill}; expected a whole number of 32 bits"
            : null;
    }

    private static string? FindProblemOfTexts(ManifestInput input, string shape) =>
        input.Dtype != "BYTES" ? $"the input '{input.Tensor}' of layout texts has the dtype {input.Dtype}; expected BYTES"
        : (input.Shape.Count == 2 && input.Shape[1] == input.Features.Count) || (input.Shape.Count == 1 && input.Features.Count == 1) ? null
        : $"the input '{input.Tensor}' of layout texts names {input.Features.Count} features and has the shape {shape}; expected [-1, {input.Features.Count}]{(input.Features.Count == 1 ? " or [-1]" : "")}";

    private static string? FindProblemOfTokens(ManifestInput input, IReadOnlyList<ManifestInput> inputs, string layout, string shape) =>
        input.Features.Count is not (1 or 2) ? $"the input '{input.Tensor}' of layout {layout} names {input.Features.Count} features; expected one text, or the two of a pair"
        : input.Dtype is not ("INT64" or "INT32") ? $"the input '{input.Tensor}' of layout {layout} has the dtype {input.Dtype}; expected INT64 or INT32"
        : input.Shape.Count != 2 ? $"the input '{input.Tensor}' of layout {layout} has the shape {shape}; expected [-1, n], or [-1, -1] for any width"
        : inputs.FirstOrDefault(other => InputLayouts.AreTokens(other?.Layout) && !other!.Features.SequenceEqual(input.Features)) is { } other
            ? $"the inputs '{input.Tensor}' and '{other.Tensor}' take the tokens of different texts; expected the same, since the package has one tokenizer"
        : null;
}

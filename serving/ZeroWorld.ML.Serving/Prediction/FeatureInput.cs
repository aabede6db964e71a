using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>An input of a model, and the columns of its feature service that make it.</summary>
/// <param name="Position">Index among the inputs of the model file.</param>
/// <param name="Dtype">FP32, FP64, INT64 or INT32; BOOL for a mask, BYTES for texts.</param>
/// <param name="Columns">Columns of the feature service along the last axis; of a list, its one column.</param>
internal sealed record FeatureInput(int Position, TensorDtype Dtype, int[] Columns)
{
    /// <value>As <see cref="InputLayouts"/>.</value>
    public string Layout { get; private init; } = InputLayouts.Scalars;

    /// <summary>Elements of a row.</summary>
    /// <value>-1: as many as the longest list of the request has, at least one.</value>
    public int Width { get; private init; } = Columns.Length;

    /// <summary>Whether the tensor has no axis but that of the rows.</summary>
    public bool IsFlat { get; private init; }

    public double Fill { get; private init; }

    /// <summary>The column whose list has as many elements in every row, or -1.</summary>
    public int PairedColumn { get; private init; } = -1;

    /// <summary>Elements of the list that the model sees at most: what a length counts.</summary>
    public int LengthMax { get; private init; } = int.MaxValue;

    /// <summary>Whether every row is numbers that have a NaN, one per column.</summary>
    public bool IsPlain => Layout == InputLayouts.Scalars && Dtype is TensorDtype.Float32 or TensorDtype.Float64;

    /// <summary>Whether its elements are texts as they are, which have no width in common.</summary>
    public bool IsTexts => Layout == InputLayouts.Texts;

    /// <summary>Whether it is made of texts, by the tokenizer of the package.</summary>
    public bool IsTokens => InputLayouts.AreTokens(Layout);

    public bool IsVariable => Width < 0;

    /// <summary>Bytes of a row; only of a fixed width, and not of texts.</summary>
    public int RowBytes => Width * Dtype.Width();

    /// <param name="position">Index among the inputs of the model file.</param>
    /// <param name="columnOf">Index of a column of the service by its name.</param>
    /// <exception cref="ArgumentException">The dtype is unknown: the manifest was not checked.</exception>
    public static FeatureInput Of(ManifestInput input, IReadOnlyList<ManifestInput> all, int position, Func<string, int> columnOf)
    {
        if (!TensorDtypes.TryParse(input.Dtype, out var dtype))
        {
            throw new ArgumentException($"There is no dtype '{input.Dtype}'.", nameof(input));
        }

        var plain = new FeatureInput(position, dtype, [.. input.Features.Select(columnOf)]);
        if (input.Layout is null or InputLayouts.Scalars)
        {
            return plain;
        }

        var shown = all.Where(other => other.Layout == InputLayouts.List && other.Features[0] == input.Features[0] && other.Shape[1] > 0).Select(static other => (int)other.Shape[1]);
        return plain with
        {
            Layout = input.Layout,
            Width = input.Layout is InputLayouts.Length or InputLayouts.Texts ? plain.Width : (int)input.Shape[1],
            IsFlat = input.Shape.Count == 1,
            Fill = input.Fill,
            PairedColumn = input.SameLengthAs is { } paired ? columnOf(all.First(other => other.Tensor == paired).Features[0]) : -1,
            LengthMax = shown.DefaultIfEmpty(int.MaxValue).Min(),
        };
    }

    /// <param name="width">Elements of a row.</param>
    /// <param name="data">The elements; of texts their wire form. Not copied.</param>
    public TensorBuffer ToTensor(int rows, int width, ReadOnlyMemory<byte> data)
    {
        long[] shape = IsFlat ? [rows] : [rows, width];
        return IsTexts ? TensorBuffer.OfPacked(shape, data) : TensorBuffer.Of(Dtype, shape, data);
    }
}

using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Puts the outputs of the rows that were run back to their places among all rows of a request. Pure.</summary>
internal static class RowScatter
{
    /// <param name="tensor">[rows run, ...].</param>
    /// <param name="rows">Where each of them belongs, ascending.</param>
    /// <param name="count">Number of all rows; those not among <paramref name="rows"/> hold zeros or empty strings.</param>
    public static TensorBuffer ToAllRows(TensorBuffer tensor, ReadOnlySpan<int> rows, int count)
    {
        if (rows.Length == count)
        {
            return tensor;
        }

        long[] shape = [.. tensor.Shape];
        shape[0] = count;
        var perRow = tensor.ElementCount / Math.Max(rows.Length, 1);
        if (tensor.Dtype == TensorDtype.Bytes)
        {
            var strings = new byte[count * perRow][];
            Array.Fill(strings, []);
            for (var index = 0; index < rows.Length; index++)
            {
                tensor.Strings.Span.Slice(index * perRow, perRow).CopyTo(strings.AsSpan(rows[index] * perRow));
            }

            return TensorBuffer.OfStrings(shape, strings);
        }

        var rowBytes = perRow * tensor.Dtype.Width();
        var data = new byte[count * rowBytes];
        for (var index = 0; index < rows.Length; index++)
        {
            tensor.Data.Span.Slice(index * rowBytes, rowBytes).CopyTo(data.AsSpan(rows[index] * rowBytes));
        }

        return TensorBuffer.Of(tensor.Dtype, shape, data);
    }
}

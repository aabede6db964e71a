using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>The output parameter <c>classification</c>: the greatest elements of each row as BYTES <c>value:index[:label]</c> (Triton's classification extension). Pure.</summary>
internal static class Classification
{
    /// <summary>Elements of the largest tensor that is sorted.</summary>
    public const int ElementsMax = 1_000_000;

    /// <returns>Shape [rows, classes], or [classes] for a model without a row axis; never more classes than there are elements. Of equal values the first comes first; NaN comes last.</returns>
    /// <exception cref="TensorFormatException">The output has no numbers, or too many.</exception>
    public static WireTensor Of(InferenceOutput output, InferenceResult result, int classes)
    {
        var tensor = output.Tensor;
        if (tensor.ElementCount > ElementsMax)
        {
            throw new TensorFormatException($"classification output tensor too large: '{output.Name}' has {tensor.ElementCount} elements, at most {ElementsMax} are sorted");
        }

        var hasRows = result.HasRowAxis && tensor.Shape.Length > 0;
        var rows = hasRows ? tensor.Rows : 1;
        var perRow = rows == 0 ? 0 : tensor.ElementCount / rows;
        var count = Math.Min(classes, perRow);
        var texts = tensor.Dtype switch
        {
            TensorDtype.UInt8 => Texts<byte>(tensor, rows, count, output.Labels),
            TensorDtype.UInt16 => Texts<ushort>(tensor, rows, count, output.Labels),
            TensorDtype.UInt32 => Texts<uint>(tensor, rows, count, output.Labels),
            TensorDtype.UInt64 => Texts<ulong>(tensor, rows, count, output.Labels),
            TensorDtype.Int8 => Texts<sbyte>(tensor, rows, count, output.Labels),
            TensorDtype.Int16 => Texts<short>(tensor, rows, count, output.Labels),
            TensorDtype.Int32 => Texts<int>(tensor, rows, count, output.Labels),
            TensorDtype.Int64 => Texts<long>(tensor, rows, count, output.Labels),
            TensorDtype.Float32 => Texts<float>(tensor, rows, count, output.Labels),
            TensorDtype.Float64 => Texts<double>(tensor, rows, count, output.Labels),
            _ => throw new TensorFormatException($"class result not available for output '{output.Name}' due to unsupported type '{tensor.Dtype.ToName()}'"),
        };
        return new WireTensor(output.Name, TensorDatatype.Bytes, hasRows ? [rows, count] : [count], texts);
    }

    private static byte[] Texts<T>(TensorBuffer tensor, int rows, int count, IReadOnlyList<string> labels)
        where T : unmanaged, IComparable<T>, IFormattable
    {
        using var raw = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(uint)];
        var elements = MemoryMarshal.Cast<byte, T>(tensor.Data.Span).ToArray();
        var perRow = rows == 0 ? 0 : elements.Length / rows;
        var order = new int[perRow];
        for (var row = 0; row < rows; row++)
        {
            var start = row * perRow;
            for (var index = 0; index < perRow; index++)
            {
                order[index] = index;
            }

            // The index breaks ties, so the order is one and the same wherever the sort starts.
            Array.Sort(order, (left, right) => elements[start + right].CompareTo(elements[start + left]) is not 0 and var difference ? difference : left.CompareTo(right));
            for (var place = 0; place < count; place++)
            {
                var index = order[place];
                var text = Encoding.UTF8.GetBytes(
                    index < labels.Count ? $"{ToText(elements[start + index])}:{index}:{labels[index]}" : $"{ToText(elements[start + index])}:{index}");
                BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)text.Length);
                raw.Write(length);
                raw.Write(text);
            }
        }

        return raw.ToArray();
    }

    /// <summary>As C's <c>%f</c> and <c>%d</c> write numbers, which clients of this extension parse.</summary>
    private static string ToText<T>(T value)
        where T : IFormattable => value switch
        {
            float number when !float.IsFinite(number) => ToText((double)number),
            double number when !double.IsFinite(number) => double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf",
            float or double => value.ToString("F6", CultureInfo.InvariantCulture),
            _ => value.ToString(null, CultureInfo.InvariantCulture),
        };
}

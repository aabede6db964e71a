using System.Buffers.Binary;
using System.Text;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>Texts of features as an input of BYTES, for models that have their tokenizer inside. Pure.</summary>
internal static class TextInputs
{
    /// <param name="rows">Rows of <paramref name="cells"/>. A missing text is an empty one; half of a surrogate pair becomes U+FFFD.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: the tensor would be too large.</exception>
    public static InputRows Write(FeatureInput input, FeatureCell[] cells, int columns, ReadOnlySpan<int> rows)
    {
        var ends = new int[rows.Length];
        var length = 0L;
        for (var index = 0; index < ends.Length; index++)
        {
            foreach (var column in input.Columns)
            {
                length += sizeof(uint) + Encoding.UTF8.GetByteCount(TextOf(cells[(rows[index] * columns) + column]));
            }

            if (length > ListInputs.TensorBytesMax)
            {
                throw new ServingException(
                    ServingError.InvalidInput, $"The texts of the request take more than {ListInputs.TensorBytesMax >> 20} MiB; expected shorter texts, or fewer rows.");
            }

            ends[index] = (int)length;
        }

        var data = new byte[length];
        var offset = 0;
        foreach (var row in rows)
        {
            foreach (var column in input.Columns)
            {
                var bytes = Encoding.UTF8.GetBytes(TextOf(cells[(row * columns) + column]), data.AsSpan(offset + sizeof(uint)));
                BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(offset), bytes);
                offset += sizeof(uint) + bytes;
            }
        }

        return new InputRows(data, input.Width, ends);
    }

    private static string TextOf(in FeatureCell cell) => cell.Value.IsNull ? "" : cell.Value.AsString();
}

using System.Buffers.Binary;
using System.IO.Compression;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Rows of weights as whole numbers of 16 bits with a scale per row, deflated: for models of many labels, most of whose weights repeat (docs/formats/text-model.md, version 2).</summary>
/// <remarks>A weight differs from what was fitted by at most half a step: the row's greatest weight / 65,534.</remarks>
internal static class CompactRows
{
    private const int Greatest = short.MaxValue;

    // No stream of deflate becomes longer by more than this: what a file claims beyond it is not there.
    private const int InflationMax = 1_032;

    public static void Write(Stream stream, LinearWeights weights, ReadOnlySpan<int> ids)
    {
        using var deflated = new ZLibStream(stream, CompressionLevel.Optimal, leaveOpen: true);
        var row = new byte[RowBytes(weights.Labels)];
        foreach (var id in ids)
        {
            var values = weights.RowOf(id);
            var scale = 0f;
            foreach (var value in values)
            {
                scale = Math.Max(scale, Math.Abs(value) / Greatest);
            }

            BinaryPrimitives.WriteInt32LittleEndian(row, id);
            BinaryPrimitives.WriteSingleLittleEndian(row.AsSpan(sizeof(int)), scale);
            for (var label = 0; label < values.Length; label++)
            {
                BinaryPrimitives.WriteInt16LittleEndian(row.AsSpan(sizeof(int) + sizeof(float) + (label * sizeof(short))), (short)Math.Clamp(MathF.Round(values[label] / scale), -Greatest, Greatest));
            }

            deflated.Write(row);
        }
    }

    /// <summary>Whether so many rows can be in so many bytes.</summary>
    public static bool CanHold(long bytes, long rows, int labels) => rows * RowBytes(labels) <= bytes * InflationMax;

    /// <param name="add">Gives the room of a row by its number and id; refuses ids that do not rise.</param>
    /// <exception cref="EndOfStreamException">There are fewer.</exception>
    /// <exception cref="InvalidDataException">The stream is no deflated one, or a scale is no number.</exception>
    public static void Read(Stream stream, long rows, int labels, RowOf add)
    {
        using var inflated = new ZLibStream(stream, CompressionMode.Decompress, leaveOpen: true);
        var bytes = new byte[RowBytes(labels)];
        for (var row = 0L; row < rows; row++)
        {
            inflated.ReadExactly(bytes);
            var scale = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(sizeof(int)));
            if (!float.IsFinite(scale * Greatest))
            {
                throw new InvalidDataException($"the scale of row {row} is {scale}");
            }

            var target = add(row, BinaryPrimitives.ReadUInt32LittleEndian(bytes));
            for (var label = 0; label < labels; label++)
            {
                target[label] = BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(sizeof(int) + sizeof(float) + (label * sizeof(short)))) * scale;
            }
        }
    }

    private static int RowBytes(int labels) => sizeof(int) + sizeof(float) + (labels * sizeof(short));

    internal delegate Span<float> RowOf(long row, uint id);
}

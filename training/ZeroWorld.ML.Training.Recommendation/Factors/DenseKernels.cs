using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Dense float32 algebra on small square matrices, row-major, of which only the upper triangle is read and written.</summary>
/// <remarks>Sizes are multiples of <see cref="Lanes"/>: callers pad with zeros. Pure; results do not depend on threads.</remarks>
internal static class DenseKernels
{
    /// <summary>What sizes are a multiple of.</summary>
    internal const int Lanes = 32;

    private const int Block = 8;

    // So many rows of 128 floats stay in the first-level cache while all blocks pass over them.
    private const int RowsPerPass = 64;

    internal static int Pad(int size) => (size + Lanes - 1) / Lanes * Lanes;

    /// <summary>target += sign * sum of y yᵀ over the given rows of a table, for the part from <paramref name="from"/> on.</summary>
    internal static void AddOuterProducts(ReadOnlySpan<float> table, ReadOnlySpan<int> rows, int size, Span<float> target, float sign = 1, int from = 0)
    {
        for (var start = 0; start < rows.Length; start += RowsPerPass)
        {
            var pass = rows.Slice(start, Math.Min(RowsPerPass, rows.Length - start));
            for (var top = from; top < size; top += Block)
            {
                for (var left = top / Lanes * Lanes; left < size; left += Lanes)
                {
                    AddBlock(table, pass, size, target, sign, top, left);
                }
            }
        }
    }

    /// <summary>Factors A = Uᵀ U in place.</summary>
    /// <returns>Whether A is positive definite.</returns>
    internal static bool TryFactor(Span<float> matrix, int size)
    {
        Span<int> panel = stackalloc int[Lanes];
        for (var start = 0; start < size; start += Lanes)
        {
            for (var row = start; row < start + Lanes; row++)
            {
                var tail = matrix.Slice((row * size) + row, size - row);
                for (var above = start; above < row; above++)
                {
                    var upper = matrix.Slice((above * size) + row, size - row);
                    TensorPrimitives.MultiplyAdd(upper, -upper[0], tail, tail);
                }

                if (!(tail[0] > 0))
                {
                    return false;
                }

                TensorPrimitives.Multiply(tail, 1 / MathF.Sqrt(tail[0]), tail);
                panel[row - start] = row;
            }

            AddOuterProducts(matrix, panel, size, matrix, -1, start + Lanes);
        }

        return true;
    }

    /// <summary>Solves Uᵀ U x = b in place of b.</summary>
    internal static void Solve(ReadOnlySpan<float> factor, int size, Span<float> vector)
    {
        for (var row = 0; row < size; row++)
        {
            var upper = factor.Slice((row * size) + row, size - row);
            var value = vector[row] / upper[0];
            vector[row] = value;
            TensorPrimitives.MultiplyAdd(upper[1..], -value, vector[(row + 1)..], vector[(row + 1)..]);
        }

        for (var row = size - 1; row >= 0; row--)
        {
            var upper = factor.Slice((row * size) + row, size - row);
            vector[row] = (vector[row] - (size - row == 1 ? 0 : TensorPrimitives.Dot(upper[1..], vector[(row + 1)..]))) / upper[0];
        }
    }

    /// <summary>Eight rows by 32 columns of the target, in registers.</summary>
    private static void AddBlock(ReadOnlySpan<float> table, ReadOnlySpan<int> rows, int size, Span<float> target, float sign, int top, int left)
    {
        ref var source = ref MemoryMarshal.GetReference(table);
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
        foreach (var row in rows)
        {
            ref var values = ref Unsafe.Add(ref source, (nint)row * size);
            ref var column = ref Unsafe.Add(ref values, left);
            ref var line = ref Unsafe.Add(ref values, top);
            var low = Vector512.LoadUnsafe(ref column);
            var high = Vector512.LoadUnsafe(ref column, 16);
            var factor = Vector512.Create(line);
            a0 = Vector512.FusedMultiplyAdd(factor, low, a0);
            b0 = Vector512.FusedMultiplyAdd(factor, high, b0);
            factor = Vector512.Create(Unsafe.Add(ref line, 1));
            a1 = Vector512.FusedMultiplyAdd(factor, low, a1);
            b1 = Vector512.FusedMultiplyAdd(factor, high, b1);
            factor = Vector512.Create(Unsafe.Add(ref line, 2));
            a2 = Vector512.FusedMultiplyAdd(factor, low, a2);
            b2 = Vector512.FusedMultiplyAdd(factor, high, b2);
            factor = Vector512.Create(Unsafe.Add(ref line, 3));
            a3 = Vector512.FusedMultiplyAdd(factor, low, a3);
            b3 = Vector512.FusedMultiplyAdd(factor, high, b3);
            factor = Vector512.Create(Unsafe.Add(ref line, 4));
            a4 = Vector512.FusedMultiplyAdd(factor, low, a4);
            b4 = Vector512.FusedMultiplyAdd(factor, high, b4);
            factor = Vector512.Create(Unsafe.Add(ref line, 5));
            a5 = Vector512.FusedMultiplyAdd(factor, low, a5);
            b5 = Vector512.FusedMultiplyAdd(factor, high, b5);
            factor = Vector512.Create(Unsafe.Add(ref line, 6));
            a6 = Vector512.FusedMultiplyAdd(factor, low, a6);
            b6 = Vector512.FusedMultiplyAdd(factor, high, b6);
            factor = Vector512.Create(Unsafe.Add(ref line, 7));
            a7 = Vector512.FusedMultiplyAdd(factor, low, a7);
            b7 = Vector512.FusedMultiplyAdd(factor, high, b7);
        }

        ref var output = ref MemoryMarshal.GetReference(target);
        ref var place = ref Unsafe.Add(ref output, ((nint)top * size) + left);
        Store(ref place, a0, b0, sign);
        Store(ref Unsafe.Add(ref place, size), a1, b1, sign);
        Store(ref Unsafe.Add(ref place, 2 * size), a2, b2, sign);
        Store(ref Unsafe.Add(ref place, 3 * size), a3, b3, sign);
        Store(ref Unsafe.Add(ref place, 4 * size), a4, b4, sign);
        Store(ref Unsafe.Add(ref place, 5 * size), a5, b5, sign);
        Store(ref Unsafe.Add(ref place, 6 * size), a6, b6, sign);
        Store(ref Unsafe.Add(ref place, 7 * size), a7, b7, sign);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref float place, Vector512<float> low, Vector512<float> high, float sign)
    {
        var factor = Vector512.Create(sign);
        Vector512.FusedMultiplyAdd(factor, low, Vector512.LoadUnsafe(ref place)).StoreUnsafe(ref place);
        Vector512.FusedMultiplyAdd(factor, high, Vector512.LoadUnsafe(ref place, 16)).StoreUnsafe(ref place, 16);
    }
}

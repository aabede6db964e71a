using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Factors and biases of users and items; a row is its factor, padded with zeros, and its bias in a lane of its own.</summary>
/// <remarks>
/// A user's row is [p, bias, 1], an item's [q, 1, bias]: their product is the score without the common bias. The ones never learn.
/// </remarks>
internal sealed class BiasedFactors
{
    private readonly int _dimensions;

    internal BiasedFactors(float[] users, float[] items, int dimensions, float bias)
    {
        (Users, Items, _dimensions, Bias) = (users, items, dimensions, bias);
        Stride = StrideOf(dimensions);
    }

    internal float[] Users { get; }

    internal float[] Items { get; }

    internal float Bias { get; private set; }

    internal int Dimensions => _dimensions;

    /// <summary>Length of a row.</summary>
    internal int Stride { get; }

    internal int ItemCount => Items.Length / Stride;

    internal static int StrideOf(int dimensions) => (dimensions + 2 + 15) / 16 * 16;

    internal static BiasedFactors Start(int users, int items, int dimensions, double deviation, int seed)
    {
        var random = new Random(seed);
        var stride = StrideOf(dimensions);
        var factors = new BiasedFactors(new float[users * stride], new float[items * stride], dimensions, 0);
        Fill(factors.Users, 1);
        Fill(factors.Items, 0);
        return factors;

        void Fill(float[] rows, int one)
        {
            for (var row = 0; row < rows.Length; row += stride)
            {
                for (var axis = 0; axis < dimensions; axis++)
                {
                    rows[row + axis] = (float)(deviation * RandomNumbers.NextNormal(random));
                }

                rows[row + dimensions + one] = 1;
            }
        }
    }

    /// <summary>A row for a stranger: no factor, no bias.</summary>
    internal float[] NewUser()
    {
        var row = new float[Stride];
        row[_dimensions + 1] = 1;
        return row;
    }

    internal Span<float> User(int user) => Users.AsSpan(user * Stride, Stride);

    internal Span<float> Item(int item) => Items.AsSpan(item * Stride, Stride);

    /// <summary>The score without the common bias.</summary>
    internal static float Dot(ReadOnlySpan<float> user, ReadOnlySpan<float> item)
    {
        ref var left = ref MemoryMarshal.GetReference(user);
        ref var right = ref MemoryMarshal.GetReference(item);
        var sum = Vector<float>.Zero;
        for (nuint at = 0; at < (nuint)user.Length; at += (nuint)Vector<float>.Count)
        {
            sum += Vector.LoadUnsafe(ref left, at) * Vector.LoadUnsafe(ref right, at);
        }

        return Vector.Sum(sum);
    }

    /// <summary>One step on both rows.</summary>
    internal void Update(Span<float> user, Span<float> item, float label, float rate, float regularisation)
    {
        var error = label - Sigmoid(Bias + Dot(user, item));
        Bias += rate * error;
        Move(user, item, rate * error, 1 - (rate * regularisation), true);
        user[_dimensions + 1] = 1;
        item[_dimensions] = 1;
    }

    /// <summary>One step on the user's row only.</summary>
    internal void UpdateUser(Span<float> user, Span<float> item, float label, float rate, float regularisation)
    {
        var error = label - Sigmoid(Bias + Dot(user, item));
        Move(user, item, rate * error, 1 - (rate * regularisation), false);
        user[_dimensions + 1] = 1;
    }

    internal static float Sigmoid(float value) => 1 / (1 + MathF.Exp(-value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Move(Span<float> user, Span<float> item, float step, float keep, bool isItemMoved)
    {
        ref var left = ref MemoryMarshal.GetReference(user);
        ref var right = ref MemoryMarshal.GetReference(item);
        for (nuint at = 0; at < (nuint)user.Length; at += (nuint)Vector<float>.Count)
        {
            var (p, q) = (Vector.LoadUnsafe(ref left, at), Vector.LoadUnsafe(ref right, at));
            ((p * keep) + (q * step)).StoreUnsafe(ref left, at);
            if (isItemMoved)
            {
                ((q * keep) + (p * step)).StoreUnsafe(ref right, at);
            }
        }
    }
}

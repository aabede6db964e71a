using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features;

/// <summary>Hashes of all n-grams of one length at once: a vector of places per step. Pure functions.</summary>
internal static class NgramHashes
{
    private const uint Multiplier = 0x9E37_79B1;
    private const uint FinalMultiplier = 0x85EB_CA6B;

    /// <summary>Code points that <see cref="Over"/> reads of any word.</summary>
    public const int AtOnce = 8;

    /// <summary>The state before the first code point; every channel has a seed of its own, so that its n-grams have ids of their own.</summary>
    public static uint Start(uint seed) => (seed * FinalMultiplier) ^ 0x27D4_EB2F;

    public static uint Step(uint state, uint code) => (BitOperations.RotateLeft(state, 5) ^ code) * Multiplier;

    /// <summary>The state after so many code points.</summary>
    /// <param name="codes">They, and whatever is behind them, <see cref="AtOnce"/> in all at least.</param>
    public static uint Over(uint state, ReadOnlySpan<uint> codes, int count)
    {
        if (count > AtOnce)
        {
            foreach (var code in codes[..count])
            {
                state = Step(state, code);
            }

            return state;
        }

        Span<uint> states = stackalloc uint[AtOnce + 1];
        return OverFew(state, codes, count, states);
    }

    /// <summary>As <see cref="Over"/>, of at most <see cref="AtOnce"/> code points.</summary>
    /// <param name="states">Room for one more than these.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint OverFew(uint state, ReadOnlySpan<uint> codes, int count, Span<uint> states)
    {
        // All eight, whose number no processor guesses, and the one that is asked for.
        codes = codes[..AtOnce];
        states = states[..(AtOnce + 1)];
        states[0] = state;
        states[1] = state = Step(state, codes[0]);
        states[2] = state = Step(state, codes[1]);
        states[3] = state = Step(state, codes[2]);
        states[4] = state = Step(state, codes[3]);
        states[5] = state = Step(state, codes[4]);
        states[6] = state = Step(state, codes[5]);
        states[7] = state = Step(state, codes[6]);
        states[8] = Step(state, codes[7]);
        return states[count];
    }

    /// <summary>An id of so many bits out of a state.</summary>
    public static uint Id(uint state, int bits)
    {
        state = (state ^ (state >> 15)) * FinalMultiplier;
        return (state ^ (state >> 13)) >> (32 - bits);
    }

    /// <summary>Takes every state one code point further: <c>states[i] = Step(states[i], codes[i])</c>, and writes <c>ids[i]</c>.</summary>
    public static void StepAll(Span<uint> states, ReadOnlySpan<uint> codes, Span<uint> ids, int bits)
    {
        var width = Vector<uint>.Count;
        var place = 0;
        if (Vector.IsHardwareAccelerated && codes.Length >= width)
        {
            var multiplier = new Vector<uint>(Multiplier);
            var final = new Vector<uint>(FinalMultiplier);
            var stateVectors = MemoryMarshal.Cast<uint, Vector<uint>>(states[..codes.Length]);
            var codeVectors = MemoryMarshal.Cast<uint, Vector<uint>>(codes);
            var idVectors = MemoryMarshal.Cast<uint, Vector<uint>>(ids[..codes.Length]);
            for (var step = 0; step < codeVectors.Length; step++)
            {
                var state = stateVectors[step];
                state = (((state << 5) | (state >>> 27)) ^ codeVectors[step]) * multiplier;
                stateVectors[step] = state;
                state = (state ^ (state >>> 15)) * final;
                idVectors[step] = (state ^ (state >>> 13)) >>> (32 - bits);
            }

            place = codeVectors.Length * width;
        }

        StepAllScalar(states[place..codes.Length], codes[place..], ids[place..codes.Length], bits);
    }

    /// <summary>The same, one place after the other: the end of a vectorised run, and its twin in tests.</summary>
    public static void StepAllScalar(Span<uint> states, ReadOnlySpan<uint> codes, Span<uint> ids, int bits)
    {
        for (var place = 0; place < codes.Length; place++)
        {
            states[place] = Step(states[place], codes[place]);
            ids[place] = Id(states[place], bits);
        }
    }
}

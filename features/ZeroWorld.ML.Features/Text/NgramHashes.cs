using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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

        // All eight, whose number no processor guesses, and the one that is asked for.
        Span<uint> states = stackalloc uint[AtOnce + 1];
        codes = codes[..AtOnce];
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

    /// <summary>The states after one to <see cref="AtOnce"/> code points from every place on, at <see cref="BegunAt"/>.</summary>
    /// <param name="codes">As many as places, and <see cref="CodeBuffer.Padding"/> behind them.</param>
    /// <param name="states">Room for <see cref="BegunRoom"/> of the places.</param>
    public static void Begin(uint state, ReadOnlySpan<uint> codes, Span<uint> states, int places)
    {
        var start = Vector256.Create(state);
        codes = codes[..(places + (2 * AtOnce))];
        states = states[..BegunRoom(places)];
        ref var code = ref MemoryMarshal.GetReference(codes);
        ref var to = ref MemoryMarshal.GetReference(states);
        for (var place = 0; place < places; place += AtOnce)
        {
            ref var from = ref Unsafe.Add(ref code, place);
            ref var row = ref Unsafe.Add(ref to, place * AtOnce);

            // Without a loop, whose counting takes as long as a step.
            var next = BeginNext(start, ref from, ref row, 0);
            next = BeginNext(next, ref from, ref row, 1);
            next = BeginNext(next, ref from, ref row, 2);
            next = BeginNext(next, ref from, ref row, 3);
            next = BeginNext(next, ref from, ref row, 4);
            next = BeginNext(next, ref from, ref row, 5);
            next = BeginNext(next, ref from, ref row, 6);
            BeginNext(next, ref from, ref row, 7);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> BeginNext(Vector256<uint> state, ref uint codes, ref uint states, nuint length)
    {
        state = (RotateLeft(state) ^ Vector256.LoadUnsafe(ref codes, length)) * Multiplier;
        state.StoreUnsafe(ref states, length * AtOnce);
        return state;
    }

    private static Vector256<uint> RotateLeft(Vector256<uint> states) => Avx512F.VL.IsSupported ? Avx512F.VL.RotateLeft(states, 5) : (states << 5) | (states >>> 27);

    /// <summary>Where <see cref="Begin"/> writes the state after so many code points, 1 to <see cref="AtOnce"/>, from a place on: eight places side by side.</summary>
    public static int BegunAt(int place, int length) => (place & ~(AtOnce - 1)) * AtOnce + ((length - 1) * AtOnce) + (place & (AtOnce - 1));

    /// <summary>States that <see cref="Begin"/> writes for so many places.</summary>
    public static int BegunRoom(int places) => (places + AtOnce - 1) / AtOnce * AtOnce * AtOnce;

    /// <summary>Ids of words alone in place of the words' hashes.</summary>
    /// <param name="hashes">Whole vectors.</param>
    public static void IdAll(uint state, Span<uint> hashes, int bits)
    {
        var turned = new Vector<uint>(BitOperations.RotateLeft(state, 5));
        foreach (ref var vector in MemoryMarshal.Cast<uint, Vector<uint>>(hashes))
        {
            var next = (turned ^ vector) * Multiplier;
            next = (next ^ (next >>> 15)) * FinalMultiplier;
            vector = (next ^ (next >>> 13)) >>> (32 - bits);
        }
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

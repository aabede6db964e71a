using System.Numerics;

namespace ZeroWorld.ML.Pipelines.Fraud;

/// <summary>Random numbers that are the same on every platform and in every version of .NET: xoshiro256** (Blackman and Vigna, 2018), seeded by SplitMix64.</summary>
/// <remarks>
/// A stream is named by what it is for (purpose, entity, day), never by the order of calls, so that another customer or day changes no number of this one. Only IEEE
/// additions, multiplications, divisions and square roots are used: library logarithms and sines differ in the last bit between systems.
/// </remarks>
internal struct SimulationRandom
{
    private const double Ln2 = 0.693147180559945309417;

    private ulong _state0;
    private ulong _state1;
    private ulong _state2;
    private ulong _state3;

    internal SimulationRandom(int seed, string purpose, int entity, int day = 0)
    {
        // FNV-1a over the name, then each number mixed in: close seeds and ids give unrelated streams.
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var letter in purpose)
        {
            hash = (hash ^ letter) * 1_099_511_628_211UL;
        }

        hash = Mix(hash ^ (uint)seed);
        hash = Mix(hash ^ (uint)entity);
        hash = Mix(hash ^ (uint)day);
        _state0 = NextSeed(ref hash);
        _state1 = NextSeed(ref hash);
        _state2 = NextSeed(ref hash);
        _state3 = NextSeed(ref hash);
    }

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    internal double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    internal double NextUniform(double low, double high) => low + (NextDouble() * (high - low));

    /// <summary>Uniform in 0 to <paramref name="end"/> - 1.</summary>
    internal int NextInt32(int end) => (int)Math.BigMul(NextUInt64(), (ulong)end, out _);

    /// <summary>Normal, by Marsaglia's polar method (1964).</summary>
    internal double NextNormal(double mean, double deviation)
    {
        while (true)
        {
            var (x, y) = (NextUniform(-1, 1), NextUniform(-1, 1));
            var square = (x * x) + (y * y);
            if (square is > 0 and < 1)
            {
                return mean + (deviation * x * Math.Sqrt(-2 * Log(square) / square));
            }
        }
    }

    /// <summary>Poisson: how many exponential waits fit into <paramref name="mean"/>.</summary>
    internal int NextPoisson(double mean)
    {
        var count = 0;
        for (var waited = -Log(1 - NextDouble()); waited <= mean; waited -= Log(1 - NextDouble()))
        {
            count++;
        }

        return count;
    }

    /// <summary>Natural logarithm of a positive, normal number, to about 1e-15: 2 artanh((m - 1) / (m + 1)) of its mantissa, by series.</summary>
    internal static double Log(double value)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        var exponent = (int)(bits >> 52) - 1023;
        var mantissa = BitConverter.UInt64BitsToDouble((bits & 0x000F_FFFF_FFFF_FFFFUL) | 0x3FF0_0000_0000_0000UL);
        if (mantissa > 1.4142135623730951)
        {
            mantissa /= 2;
            exponent++;
        }

        var ratio = (mantissa - 1) / (mantissa + 1);
        var square = ratio * ratio;
        var sum = 0.0;
        for (var power = 21; power >= 1; power -= 2)
        {
            sum = (sum * square) + (1.0 / power);
        }

        return (exponent * Ln2) + (2 * ratio * sum);
    }

    private ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(_state1 * 5, 7) * 9;
        var shifted = _state1 << 17;
        _state2 ^= _state0;
        _state3 ^= _state1;
        _state1 ^= _state2;
        _state0 ^= _state3;
        _state2 ^= shifted;
        _state3 = BitOperations.RotateLeft(_state3, 45);
        return result;
    }

    private static ulong NextSeed(ref ulong state)
    {
        state += 0x9E37_79B9_7F4A_7C15UL;
        return Mix(state);
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EBUL;
        return value ^ (value >> 31);
    }
}

using System.Numerics;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>xoroshiro128+ (Blackman and Vigna 2018): a few cycles per draw, the same on every machine.</summary>
internal struct FastRandom
{
    private ulong _first;
    private ulong _second;

    internal FastRandom(ulong seed)
    {
        _first = Mix(ref seed);
        _second = Mix(ref seed) | 1;
    }

    internal ulong Next()
    {
        var (first, second) = (_first, _second);
        var result = first + second;
        second ^= first;
        _first = BitOperations.RotateLeft(first, 24) ^ second ^ (second << 16);
        _second = BitOperations.RotateLeft(second, 37);
        return result;
    }

    /// <summary>0 to <paramref name="limit"/> - 1.</summary>
    internal int Next(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);

    internal void Shuffle(Span<int> values)
    {
        for (var index = values.Length - 1; index > 0; index--)
        {
            var other = Next(index + 1);
            (values[index], values[other]) = (values[other], values[index]);
        }
    }

    // splitmix64: neighbouring seeds start far apart.
    private static ulong Mix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}

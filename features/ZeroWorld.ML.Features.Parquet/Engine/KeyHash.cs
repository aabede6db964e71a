using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Hashes of keys for tables in memory; never stored.</summary>
internal static class KeyHash
{
    // The finalizer of MurmurHash3 (Appleby): every bit of the key reaches the bits that choose the slot.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong key)
    {
        key ^= key >> 33;
        key *= 0xFF51AFD7ED558CCD;
        key ^= key >> 33;
        key *= 0xC4CEB9FE1A85EC53;
        return key ^ (key >> 33);
    }

    public static ulong Of(ReadOnlySpan<byte> key)
    {
        var hash = Mix((ulong)key.Length);
        for (; key.Length >= sizeof(ulong); key = key[sizeof(ulong)..])
        {
            hash = Mix(hash ^ MemoryMarshal.Read<ulong>(key));
        }

        foreach (var piece in key)
        {
            hash = Mix(hash ^ piece);
        }

        return hash;
    }
}

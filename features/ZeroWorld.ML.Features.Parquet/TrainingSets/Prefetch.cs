using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Asks for memory before it is needed: in tables greater than the caches, waiting for it is most of a look-up.</summary>
internal static class Prefetch
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Read<T>(ref readonly T place)
    {
        // A hint: an array that the collector moves meanwhile makes it useless, not wrong.
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in place)));
        }
    }
}

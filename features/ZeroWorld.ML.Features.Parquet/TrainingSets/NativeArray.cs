using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Values of some rows in memory of <see cref="NativeWords"/>, whatever lies there at first.</summary>
/// <remarks>Whoever uses a span holds this meanwhile. Disposing twice is allowed. Thread safety is that of an array.</remarks>
internal sealed unsafe class NativeArray<T>(int length) : IDisposable
    where T : unmanaged
{
    private readonly NativeWords _words = new((long)length * sizeof(T));

    public int Length => length;

    public Span<T> Span => new((void*)_words.Start, length);

    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)length);
            return ref ((T*)_words.Start)[index];
        }
    }

    public void Dispose() => _words.Dispose();
}

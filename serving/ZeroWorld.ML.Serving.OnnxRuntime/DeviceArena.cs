using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>The memory that a session keeps on its GPU: weights, and what its largest run needed.</summary>
/// <remarks>Not thread safe; to be disposed before its session.</remarks>
internal sealed unsafe class DeviceArena : IDisposable
{
    private const int GetKeyValue = 297;
    private const int ReleaseKeyValuePairs = 300;
    private const int AllocatorGetStats = 319;
    private readonly OrtMemoryInfo _info;
    private readonly OrtAllocator _allocator;

    /// <param name="session">A session of the CUDA provider.</param>
    /// <param name="index">Ordinal of its device.</param>
    /// <exception cref="OnnxRuntimeException">The session has no memory there.</exception>
    public DeviceArena(InferenceSession session, int index)
        : this(session, new OrtMemoryInfo("Cuda", OrtAllocatorType.DeviceAllocator, index, OrtMemType.Default))
    {
    }

    internal DeviceArena(InferenceSession session, OrtMemoryInfo info)
    {
        _info = info;
        try
        {
            _allocator = new OrtAllocator(session, info);
        }
        catch
        {
            info.Dispose();
            throw;
        }
    }

    /// <returns>Bytes that it has taken of the device; <see langword="null"/> where the engine does not count them.</returns>
    public long? ReadBytes()
    {
        nint pairs;
        var status = ((delegate* unmanaged[Cdecl]<nint, nint*, nint>)OnnxApi.Table[AllocatorGetStats])(Handle(_allocator), &pairs);
        if (status != 0)
        {
            ((delegate* unmanaged[Cdecl]<nint, void>)OnnxApi.Table[OnnxApi.ReleaseStatus])(status);
            return null;
        }

        try
        {
            fixed (byte* key = "TotalAllocated\0"u8)
            {
                var value = ((delegate* unmanaged[Cdecl]<nint, byte*, byte*>)OnnxApi.Table[GetKeyValue])(pairs, key);
                return value is not null && long.TryParse(Marshal.PtrToStringUTF8((nint)value), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : null;
            }
        }
        finally
        {
            ((delegate* unmanaged[Cdecl]<nint, void>)OnnxApi.Table[ReleaseKeyValuePairs])(pairs);
        }
    }

    public void Dispose()
    {
        _allocator.Dispose();
        _info.Dispose();
    }

    // The managed interface keeps the handle to itself.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Pointer")]
    private static extern nint Handle(OrtAllocator allocator);
}

using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>The engine's C interface, for what the managed one does not have: functions by their places in its table, to which versions of the engine only ever append.</summary>
/// <remarks>onnxruntime_c_api.h, <c>struct OrtApi</c>. Where such a function gives a status that is not 0, <see cref="ReleaseStatus"/> takes it.</remarks>
internal static unsafe partial class OnnxApi
{
    public const int ReleaseStatus = 93;
    private const uint Version = 23;

    public static void** Table { get; } = Load();

    private static void** Load()
    {
        // struct OrtApiBase: GetApi, GetVersionString.
        var table = (void**)OrtGetApiBase();
        var api = (void**)((delegate* unmanaged[Cdecl]<uint, void*>)table[0])(Version);
        return api is not null ? api : throw new NotSupportedException($"The engine does not know version {Version} of its own interface.");
    }

    [LibraryImport("onnxruntime")]
    private static partial nint OrtGetApiBase();
}

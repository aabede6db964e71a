using System.Reflection;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>libtorch in this process: loads once, and turns a failure to load into a sentence.</summary>
internal static class TorchNativeLibrary
{
    private static readonly Lazy<string?> LoadFailure = new(TryLoad);

    public static string TorchSharpVersion { get; } = typeof(Tensor).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <value><c>unknown</c> where libtorch does not load: TorchSharp does not tell even its version then.</value>
    public static string LibtorchVersion => Load() is null ? __version__ : "unknown";

    public static int ThreadCount => get_num_threads();

    /// <returns><see langword="null"/>, or why libtorch is not there.</returns>
    public static string? Load() => LoadFailure.Value;

    public static IReadOnlyList<string> ListDevices() =>
        ["cpu", .. Enumerable.Range(0, cuda.is_available() ? cuda.device_count() : 0).Select(static index => $"cuda:{index}")];

    private static string? TryLoad()
    {
        try
        {
            InitializeDeviceType(global::TorchSharp.DeviceType.CPU);
            return null;
        }
        // What TorchSharp throws depends on which of its libraries is missing; the innermost exception has the loader's own words.
        catch (Exception exception) when (exception is NotSupportedException or DllNotFoundException or TypeInitializationException or EntryPointNotFoundException)
        {
            // TorchSharp adds pages of what it tried.
            return $"The libtorch of TorchSharp {TorchSharpVersion} does not load in this process: {exception.GetBaseException().Message.Split('\n')[0].TrimEnd()}";
        }
    }
}

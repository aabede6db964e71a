using System.Reflection;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Serving;

/// <summary>Names what computed a prediction, so that a replay knows whether bit-equality is promised.</summary>
internal static class RuntimeBuilds
{
    private static readonly string Platform = $"{(OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "other")}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    // Without the commit that source link appends after '+': the same version computes the same.
    private static readonly string Version =
        (typeof(RuntimeBuilds).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];

    /// <returns><c>onnxruntime 1.31.1; zeroworld 0.1.0; linux-x64</c>.</returns>
    public static string Describe(IModelRuntime runtime) => $"{runtime.Build}; zeroworld {Version}; {Platform}";
}

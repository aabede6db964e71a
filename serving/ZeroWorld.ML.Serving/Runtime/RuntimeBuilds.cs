using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace ZeroWorld.ML.Serving;

/// <summary>Names what computed a prediction, so that a replay knows whether bit-equality is promised.</summary>
internal static class RuntimeBuilds
{
    // Without the commit that source link appends after '+': the same version computes the same.
    private static readonly string Version =
        (typeof(RuntimeBuilds).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];

    private static readonly string Platform = $"{OperatingSystemName}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}{VectorSuffix}";

    private static string OperatingSystemName => OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "other";

    /// <summary>Engines choose their kernels by the widest vectors of the processor, and wider ones add in another order.</summary>
    private static string VectorSuffix => Avx512F.IsSupported ? "-avx512" : Avx2.IsSupported ? "-avx2" : "";

    /// <returns><c>onnxruntime 1.31.1, 2 threads; zeroworld 0.1.0; linux-x64-avx2</c>.</returns>
    public static string Describe(IModelRuntime runtime) => $"{runtime.Build}; zeroworld {Version}; {Platform}";

    /// <summary>What this process's own code computes.</summary>
    /// <returns><c>managed 10.0.2; zeroworld 0.1.0; linux-x64-avx2</c>.</returns>
    public static string DescribeManaged() => $"managed {Environment.Version}; zeroworld {Version}; {Platform}";
}

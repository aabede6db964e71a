using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace ZeroWorld.ML.Testing;

/// <summary>What librdkafka tells of its cluster for tests through its C interface alone (rdkafka_mock.h).</summary>
internal static class KafkaMockCluster
{
    private const string Library = "zeroworld-test-librdkafka";

    static KafkaMockCluster() => NativeLibrary.SetDllImportResolver(
        typeof(KafkaMockCluster).Assembly,
        static (name, _, _) => name == Library ? NativeLibrary.Load(PathOfLoaded()) : IntPtr.Zero);

    /// <summary>A new group gives its partitions away at once, instead of waiting three seconds for further members.</summary>
    public static void StartGroupsAtOnce(IClient client)
    {
        var handle = (SafeHandle)typeof(Handle).GetProperty("LibrdkafkaHandle", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(client.Handle)!;
        var cluster = FindCluster(handle.DangerousGetHandle());
        Xunit.Assert.NotEqual(IntPtr.Zero, cluster);
        SetGroupDelay(cluster, 0);
    }

    // The one that the client itself has loaded: its package brings several builds.
    private static string PathOfLoaded() => File.ReadLines("/proc/self/maps")
        .Select(static line => line[(line.LastIndexOf(' ') + 1)..])
        .First(static path => path.Contains("rdkafka", StringComparison.Ordinal) && path.EndsWith(".so", StringComparison.Ordinal));

    [DllImport(Library, EntryPoint = "rd_kafka_handle_mock_cluster")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    private static extern IntPtr FindCluster(IntPtr client);

    [DllImport(Library, EntryPoint = "rd_kafka_mock_group_initial_rebalance_delay_ms")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    private static extern void SetGroupDelay(IntPtr cluster, int milliseconds);
}

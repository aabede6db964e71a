using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ZeroWorld.ML.GpuNodes.Verify;

/// <summary>The report for people and for programs.</summary>
internal static class ReportText
{
    private const double BytesPerGibibyte = 1 << 30;

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static string ToJson(NodeReport report) => JsonSerializer.Serialize(report, JsonOptions) + "\n";

    public static string ToText(NodeReport report)
    {
        var text = new StringBuilder();
        text.Append("Devices\n");
        foreach (var device in report.Devices)
        {
            string?[] facts =
            [
                device.Name.Length > 0 ? device.Name : null,
                device.Cores is { } cores ? $"{cores:0.##} cores" : null,
                device.MemoryBytes is { } bytes ? $"{bytes / BytesPerGibibyte:0.0} GiB" : "memory unknown",
                $"models may take {device.BudgetBytes / BytesPerGibibyte:0.0} GiB",
                device.ComputeCapability is { } capability ? $"compute capability {capability}" : null,
                device.DriverVersion is { } driver ? $"driver {driver}" : null,
            ];
            text.Append($"  {device.Device,-8} {string.Join(", ", facts.Where(fact => fact is not null))}\n");
        }

        text.Append("Runtimes\n");
        text.Append($"  ONNX Runtime {report.OnnxRuntimeVersion}: {string.Join(", ", report.OnnxRuntimeProviders)}\n");
        text.Append($"  TorchSharp {report.TorchSharpVersion}, libtorch {report.LibtorchVersion}: CUDA {(report.TorchCudaAvailable ? "available" : "not available")}\n");
        text.Append("Checks\n");
        foreach (var check in report.Checks)
        {
            text.Append($"  {check.Outcome.ToString().ToLowerInvariant(),-11} {check.Runtime} ({check.Provider}) on {check.Device}: {check.Computation}");
            text.Append(check.Message is null ? "\n" : $"\n              {check.Message.ReplaceLineEndings(" ")}\n");
        }

        if (report.Measurements.Count > 0)
        {
            text.Append("Measured\n");
            foreach (var line in report.Measurements)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {line.Device,-8} {line.Value,10:0.##} {line.Unit,-8} {line.Name}\n");
            }
        }

        foreach (var note in report.Notes)
        {
            text.Append($"{note}\n");
        }

        return text.ToString();
    }
}

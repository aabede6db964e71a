namespace ZeroWorld.ML.GpuNodes.Verify;

/// <summary>Everything the program found out.</summary>
internal sealed record NodeReport
{
    public required IReadOnlyList<DeviceLine> Devices { get; init; }

    public required string OnnxRuntimeVersion { get; init; }

    public required IReadOnlyList<string> OnnxRuntimeProviders { get; init; }

    public required string TorchSharpVersion { get; init; }

    public required string LibtorchVersion { get; init; }

    public required bool TorchCudaAvailable { get; init; }

    public required IReadOnlyList<DeviceCheck> Checks { get; init; }

    /// <summary>Figures of the GPUs that were measured; empty unless that was asked for.</summary>
    public required IReadOnlyList<MeasurementLine> Measurements { get; init; }

    /// <summary>Sentences about devices that this build leaves unused.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    public bool Passed => Checks.All(static check => check.Outcome != CheckOutcome.Failed);
}

/// <param name="MemoryBytes">The device's memory; <see langword="null"/> where unknown.</param>
/// <param name="BudgetBytes">What models may take of it by default.</param>
internal sealed record DeviceLine(
    string Device, string Name, double? Cores, long? MemoryBytes, long BudgetBytes, string? ComputeCapability, string? DriverVersion);

/// <summary>One computation on one device by one runtime.</summary>
/// <param name="Runtime">onnxruntime or libtorch.</param>
/// <param name="Provider">How the runtime reaches the device: cpu, cuda, tensorrt.</param>
/// <param name="Message">Why it did not pass; <see langword="null"/> when it did.</param>
internal sealed record DeviceCheck(string Runtime, string Provider, string Device, string Computation, CheckOutcome Outcome, string? Message);

/// <summary>One figure of one device.</summary>
/// <param name="Unit">us, ms, GB/s, TFLOP/s or MiB.</param>
internal sealed record MeasurementLine(string Device, string Name, double Value, string Unit);

internal enum CheckOutcome
{
    /// <summary>It ran there and its result is right.</summary>
    Passed,

    /// <summary>It must run there and did not, or its result is wrong.</summary>
    Failed,

    /// <summary>An optional part is not installed.</summary>
    Unavailable,
}

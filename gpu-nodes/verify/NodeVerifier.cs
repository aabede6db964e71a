using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.OnnxRuntime;
using ZeroWorld.ML.Serving.TorchSharp;

namespace ZeroWorld.ML.GpuNodes.Verify;

/// <summary>Asks the node and the runtimes, and runs small computations on each device.</summary>
internal sealed class NodeVerifier
{
    private const string WrongResult = "The result differs from the one computed by plain loops.";

    private readonly DeviceInventory _inventory = DeviceInventory.Read(NodeSources.System);
    private readonly OnnxRuntimeReport _onnx = OnnxRuntimeReport.Create();

    /// <returns>Why the wanted device cannot be checked, in a sentence; <see langword="null"/> when it can.</returns>
    public string? FindRefusal(DeviceId? wanted)
    {
        if (wanted is not { } device)
        {
            return null;
        }

        if (device.Kind == DeviceKind.Cuda && !_onnx.HasCuda)
        {
            return $"This is a CPU build and cannot use {device}: build with -p:Accelerator=cuda (docs/operations/gpu.md).";
        }

        return _inventory.Find(device) is null
            ? $"This machine has no device {device}; it has {string.Join(", ", _inventory.Devices.Select(found => found.Id))}."
            : null;
    }

    public NodeReport Verify(DeviceId? wanted, bool wantsMeasurements = false)
    {
        var torch = TorchRuntimeReport.Create();
        var budget = new MemoryBudget(_inventory, new MemoryBudgetOptions()).Snapshot();
        var checks = new List<DeviceCheck>();
        var measurements = new List<MeasurementLine>();
        foreach (var device in _inventory.Devices.Select(device => device.Id).Where(device => wanted is null || wanted == device))
        {
            checks.AddRange(CheckOnnxRuntime(device));
            checks.AddRange(CheckTorch(device, torch));
            if (wantsMeasurements && device.Kind == DeviceKind.Cuda && checks.Exists(check => check is { Provider: "cuda", Runtime: "onnxruntime", Outcome: CheckOutcome.Passed } && check.Device == device.ToString()))
            {
                checks.Add(Measure(device, measurements));
            }
        }

        return new NodeReport
        {
            Devices =
            [
                .. _inventory.Devices.Zip(budget, static (device, memory) => new DeviceLine(
                    device.Id.ToString(), device.Name, device.Cores, device.MemoryBytes, memory.TotalBytes, device.ComputeCapability, device.DriverVersion)),
            ],
            OnnxRuntimeVersion = _onnx.Version,
            OnnxRuntimeProviders = _onnx.Providers,
            TorchSharpVersion = torch.TorchSharpVersion,
            LibtorchVersion = torch.LibtorchVersion,
            TorchCudaAvailable = torch.HasCuda,
            Checks = checks,
            Measurements = measurements,
            Notes = _onnx.HasCuda
                ? []
                : [.. _inventory.Gpus.Select(static gpu => $"{gpu.Id} is not used: this is a CPU build. Build with -p:Accelerator=cuda (docs/operations/gpu.md).")],
        };
    }

    private IEnumerable<DeviceCheck> CheckOnnxRuntime(DeviceId device)
    {
        if (device.Kind == DeviceKind.Cpu)
        {
            yield return CheckProvider(OnnxProvider.Cpu, device);
        }
        else if (_onnx.HasCuda)
        {
            yield return CheckProvider(OnnxProvider.Cuda, device);

            // FP32 on the tensor cores (TF32) keeps 10 bits of each factor, and without it all 23.
            yield return CheckLarge(device, "TF32", "1", 3e-3);
            yield return CheckLarge(device, "FP32", "0", 1e-5);
            if (_onnx.Has(OnnxProvider.TensorRt))
            {
                // TensorRT's libraries are a separate installation: where they are absent, the provider is in the build and does not start.
                var check = CheckProvider(OnnxProvider.TensorRt, device);
                yield return check.Outcome == CheckOutcome.Failed && check.Message != WrongResult
                    ? check with { Outcome = CheckOutcome.Unavailable }
                    : check;
            }
        }
    }

    private static DeviceCheck CheckProvider(OnnxProvider provider, DeviceId device) =>
        Check(
            new DeviceCheck("onnxruntime", provider.ToString().ToLowerInvariant(), device.ToString(), "network 16-32-4, 64 rows", CheckOutcome.Passed, null),
            () => OnnxDeviceProbe.Run(Mlp.ReadModel(), provider, device.Index, Mlp.Input, [Mlp.Rows, Mlp.Inputs]),
            Mlp.Expected());

    /// <summary>A network with products large enough for every kernel, against the CPU's.</summary>
    /// <param name="distanceMax">The length of the difference in parts of the length of what the CPU gives.</param>
    private static DeviceCheck CheckLarge(DeviceId device, string precision, string tf32, double distanceMax)
    {
        var check = new DeviceCheck("onnxruntime", "cuda", device.ToString(), $"network 512-2048-2048-16 in {precision}, 64 rows", CheckOutcome.Passed, null);
        try
        {
            var (model, input) = LargeNetwork.Make();
            var expected = OnnxDeviceProbe.Run(model, OnnxProvider.Cpu, 0, input, LargeNetwork.Shape);
            var got = OnnxDeviceProbe.Run(model, OnnxProvider.Cuda, device.Index, input, LargeNetwork.Shape, new Dictionary<string, string> { ["use_tf32"] = tf32 });
            var distance = LargeNetwork.Distance(expected, got);

            // Written so that NaN does not pass.
            return distance <= distanceMax
                ? check
                : check with { Outcome = CheckOutcome.Failed, Message = FormattableString.Invariant($"The result is {distance:0.0e+0} away from the CPU's; expected at most {distanceMax:0.0e+0}.") };
        }
        catch (ServingException exception)
        {
            return check with { Outcome = CheckOutcome.Failed, Message = exception.Message };
        }
    }

    private static DeviceCheck Measure(DeviceId device, List<MeasurementLine> measurements)
    {
        var check = new DeviceCheck("onnxruntime", "cuda", device.ToString(), "measurements", CheckOutcome.Passed, null);
        try
        {
            measurements.AddRange(OnnxDeviceMeter.Measure(device.Index).Select(figure => new MeasurementLine(device.ToString(), figure.Name, figure.Value, figure.Unit)));
            return check;
        }
        catch (ServingException exception)
        {
            return check with { Outcome = CheckOutcome.Failed, Message = exception.Message };
        }
    }

    private IEnumerable<DeviceCheck> CheckTorch(DeviceId device, TorchRuntimeReport torch)
    {
        var check = new DeviceCheck("libtorch", device.Kind == DeviceKind.Cpu ? "cpu" : "cuda", device.ToString(), "product [64,16] x [16,32]", CheckOutcome.Passed, null);
        if (device.Kind == DeviceKind.Cuda && _onnx.HasCuda && !torch.IsCudaBuild)
        {
            yield return check with { Outcome = CheckOutcome.Unavailable, Message = "This build has the libtorch of the CPU (-p:TorchAccelerator=cpu)." };
        }
        else if (device.Kind == DeviceKind.Cpu || _onnx.HasCuda)
        {
            yield return Check(
                check,
                () => TorchDeviceProbe.Multiply(device.ToString(), Mlp.Input, Mlp.FirstWeights, Mlp.Inputs),
                Mlp.ExpectedProduct());
        }
    }

    private static DeviceCheck Check(DeviceCheck passed, Func<float[]> compute, float[] expected)
    {
        try
        {
            var result = compute();
            return result.AsSpan().SequenceEqual(expected)
                ? passed
                : passed with { Outcome = CheckOutcome.Failed, Message = WrongResult };
        }
        catch (ServingException exception)
        {
            return passed with { Outcome = CheckOutcome.Failed, Message = exception.Message };
        }
    }
}

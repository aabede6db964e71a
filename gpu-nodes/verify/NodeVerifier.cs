using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.OnnxRuntime;
using ZeroWorld.ML.Serving.TorchSharp;

namespace ZeroWorld.ML.GpuNodes.Verify;

/// <summary>Asks the node and the runtimes, and runs one small computation on each device.</summary>
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

    public NodeReport Verify(DeviceId? wanted)
    {
        var torch = TorchRuntimeReport.Create();
        var budget = new MemoryBudget(_inventory, new MemoryBudgetOptions()).Snapshot();
        var checks = new List<DeviceCheck>();
        foreach (var device in _inventory.Devices.Select(device => device.Id).Where(device => wanted is null || wanted == device))
        {
            checks.AddRange(CheckOnnxRuntime(device));
            checks.AddRange(CheckTorch(device));
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

    private IEnumerable<DeviceCheck> CheckTorch(DeviceId device)
    {
        if (device.Kind == DeviceKind.Cpu || _onnx.HasCuda)
        {
            yield return Check(
                new DeviceCheck(
                    "libtorch", device.Kind == DeviceKind.Cpu ? "cpu" : "cuda", device.ToString(), "product [64,16] x [16,32]", CheckOutcome.Passed, null),
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

using System.Collections.Concurrent;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>The runtime <c>onnx</c>, with an instance per package made by the test.</summary>
internal sealed class FakeRuntime : IModelRuntime
{
    public string Name => "onnx";

    public string Platform => "onnxruntime_onnx";

    public string Build { get; set; } = "fakeruntime 1.0.0";

    public IReadOnlyList<string> DeviceKinds => ["cpu"];

    /// <summary>Makes the instance of a package.</summary>
    public Func<ModelPackage, FakeInstance> Make { get; set; } =
        static package => FakeInstance.Score(package.Manifest.Inputs is [{ } input, ..] ? input.Features.Count : 2);

    /// <summary>What was opened, newest last.</summary>
    public ConcurrentQueue<(string Digest, FakeInstance Instance)> Opened { get; } = [];

    public IModelInstance Open(ModelPackage package, string device, long? memoryBytesMax = null)
    {
        var instance = Make(package);
        Opened.Enqueue((package.Digest, instance));
        return instance;
    }

    public FakeInstance Instance(string digest) => Opened.Last(item => item.Digest == digest).Instance;
}

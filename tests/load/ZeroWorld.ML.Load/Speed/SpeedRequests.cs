using System.Runtime.InteropServices;
using Google.Protobuf;
using Inference;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Load;

/// <summary>Messages of the speed measurements, made before them.</summary>
internal static class SpeedRequests
{
    public const int BatchRows = 32;
    public const int StringCount = 10_000;
    public const int StringBytes = 32;
    private const string Path = "/inference.GRPCInferenceService/ModelInfer";

    public static GrpcTarget Small { get; } = Network(SpeedModels.Small, SpeedModels.SmallSizes[0], 1, 512);

    public static ModelInferRequest[] SmallMessages { get; } = NetworkMessages(SpeedModels.Small, SpeedModels.SmallSizes[0], 1, 512);

    public static ModelInferRequest[] EchoMessages { get; } = NetworkMessages("echo!", SpeedModels.SmallSizes[0], 1, 512);

    public static GrpcTarget Unbatched { get; } = Network(SpeedModels.Unbatched, SpeedModels.SmallSizes[0], 1, 512);

    public static GrpcTarget Echo { get; } = Network("echo!", SpeedModels.SmallSizes[0], 1, 512);

    public static GrpcTarget Large { get; } = Network(SpeedModels.Large, SpeedModels.LargeSizes[0], 1, 512);

    public static GrpcTarget LargeBatch { get; } = Network(SpeedModels.Large, SpeedModels.LargeSizes[0], BatchRows, 16);

    /// <summary>As many bytes as <see cref="Strings"/> has without its lengths.</summary>
    public static GrpcTarget Floats { get; } = Of(4, seed => Message(SpeedModels.Floats, Float32Tensor.Create("x", [1, StringCount * StringBytes / sizeof(float)], Values(seed, StringCount * StringBytes / sizeof(float)))));

    public static GrpcTarget Strings { get; } = Of(4, seed => Message(SpeedModels.Strings, new WireTensor("x", TensorDatatype.Bytes, [1, StringCount], MakeStrings(seed))));

    public static float[] Values(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    private static GrpcTarget Network(string model, int columns, int rows, int count) => Of(NetworkMessages(model, columns, rows, count));

    private static ModelInferRequest[] NetworkMessages(string model, int columns, int rows, int count) =>
        [.. Enumerable.Range(0, count).Select(seed => Message(model, Float32Tensor.Create("x", [rows, columns], Values(seed, rows * columns))))];

    private static GrpcTarget Of(int count, Func<int, ModelInferRequest> create) => Of(Enumerable.Range(0, count).Select(create));

    private static GrpcTarget Of(IEnumerable<ModelInferRequest> messages) => new(Path, [.. messages.Select(static message => GrpcTarget.ToFrame(message.ToByteArray()))]);

    private static ModelInferRequest Message(string model, WireTensor tensor)
    {
        var request = new ModelInferRequest { ModelName = model };
        InferTensorCodec.AddInput(request, tensor);
        return request;
    }

    private static byte[] MakeStrings(int seed)
    {
        var bytes = new byte[StringCount * (sizeof(int) + StringBytes)];
        new Random(seed).NextBytes(bytes);
        for (var index = 0; index < StringCount; index++)
        {
            MemoryMarshal.Write(bytes.AsSpan(index * (sizeof(int) + StringBytes)), StringBytes);
        }

        return bytes;
    }
}

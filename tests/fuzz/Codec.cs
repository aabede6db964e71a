#:property PublishAot=false
#:property NoWarn=$(NoWarn);CA2007;CA1050
#:package SharpFuzz
#:project ../../serving/ZeroWorld.ML.Serving.Protocol/ZeroWorld.ML.Serving.Protocol.csproj

// A fuzz target on the request codec: whatever bytes come in, they are a request, or refused with one of two exceptions. tests/fuzz/run.sh runs it.
using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;
using Inference;
using SharpFuzz;
using ZeroWorld.ML.Serving.Protocol;

var target = args.FirstOrDefault() switch
{
    "grpc" => (Action<byte[]>)ReadGrpc,
    "rest" => ReadRest,
    _ => throw new ArgumentException("Which codec: grpc or rest?"),
};
if (args.Length > 1)
{
    // Files that are read once each, to see what one of them does.
    foreach (var file in args.Skip(1))
    {
        target(File.ReadAllBytes(file));
    }

    return;
}

Fuzzer.OutOfProcess.Run(stream =>
{
    using var buffer = new MemoryStream();
    stream.CopyTo(buffer);
    target(buffer.ToArray());
});

static void ReadGrpc(byte[] bytes)
{
    var raw = new RawInferRequest();
    var isTaken = raw.TryRead(new ReadOnlySequence<byte>(bytes));
    try
    {
        var request = ModelInferRequest.Parser.ParseFrom(bytes);
        if (isTaken && (request.ModelName != raw.ModelName || request.ModelVersion != raw.ModelVersion || request.Id != raw.Id || request.Inputs.Count != raw.InputCount))
        {
            throw new InvalidOperationException("The two readers differ.");
        }

        var message = InferRequestReader.Read(request, static (_, _) => ReadOnlyMemory<byte>.Empty);
        if (isTaken && message.Parameters.Timeout != raw.Timeout)
        {
            throw new InvalidOperationException("The two readers differ in the time that the request has.");
        }

        Check(message);
    }
    catch (InvalidProtocolBufferException) when (!isTaken)
    {
        // Refused, as it should be.
    }
    catch (TensorFormatException)
    {
        // Likewise.
    }
}

// Two bytes of length, the JSON, and then the tensors.
static void ReadRest(byte[] bytes)
{
    if (bytes.Length < sizeof(ushort))
    {
        return;
    }

    var body = bytes.AsMemory(sizeof(ushort));
    var json = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(bytes), body.Length);
    try
    {
        Check(InferJsonReader.Read("m", body[..json], body[json..], static (_, _) => ReadOnlyMemory<byte>.Empty));
    }
    catch (TensorFormatException)
    {
        // Refused, as it should be.
    }
}

// Every tensor can be walked as its reader says.
static void Check(InferMessage message)
{
    foreach (var tensor in message.Inputs)
    {
        _ = tensor.Shape.Count + tensor.Data.Length + tensor.Name.Length;
    }
}

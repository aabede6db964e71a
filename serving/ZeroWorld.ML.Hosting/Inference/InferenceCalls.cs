using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>Runs decoded inference requests and brings their outputs into the forms that were asked for: the one way for gRPC, streams and REST.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class InferenceCalls(InferencePath inference, SharedMemoryRegions sharedMemory)
{
    /// <summary>Reads inputs that lie in shared memory, for the decoders.</summary>
    public SharedMemoryReader SharedMemory { get; } = sharedMemory.Read;

    /// <param name="received">Timestamp of <see cref="System.Diagnostics.Stopwatch"/> when the message was given to the decoder.</param>
    /// <returns>To be finished by whoever writes it.</returns>
    public async ValueTask<InferenceAnswer> RunAsync(string model, string version, InferMessage message, DateTimeOffset? deadline, long received, CancellationToken cancellationToken)
    {
        // A region that is not there is said before the model has worked.
        foreach (var output in message.Outputs)
        {
            if (output.SharedMemory is { } range)
            {
                sharedMemory.Check(range);
            }
        }

        var result = await inference.InferAsync(
            new InferenceRequest
            {
                ModelName = model,
                ModelVersion = version,
                Inputs = InferTensors.ToInputs(message.Inputs),
                Outputs = NamesOf(message.Outputs),
                Timeout = message.Parameters.Timeout,
                Deadline = deadline,
                Received = received,
                Sequence = new SequencePlace(
                    new SequenceId(message.Parameters.SequenceNumber, message.Parameters.SequenceText), message.Parameters.IsSequenceStart, message.Parameters.IsSequenceEnd),
                Priority = (int)Math.Min(message.Parameters.Priority, int.MaxValue),
            },
            cancellationToken).ConfigureAwait(false);

        var outputs = new AnsweredOutput[result.Outputs.Count];
        for (var index = 0; index < outputs.Length; index++)
        {
            // The engine answers in the order asked for.
            outputs[index] = Form(result, result.Outputs[index], message.Outputs.Count > 0 ? message.Outputs[index] : null, message.Parameters.IsOutputBinary);
        }

        return new InferenceAnswer(result.Version, outputs, result.Answered);
    }

    private AnsweredOutput Form(InferenceResult result, InferenceOutput output, RequestedOutput? requested, bool isBinary)
    {
        if (requested is null)
        {
            return new AnsweredOutput(InferTensors.ToWire(output), null, isBinary);
        }

        var tensor = requested.Classes > 0 ? Classification.Of(output, result, requested.Classes) : InferTensors.ToWire(output);
        if (requested.SharedMemory is not { } range)
        {
            return new AnsweredOutput(tensor, null, requested.IsBinary ?? isBinary);
        }

        if (tensor.Data.Length > range.ByteSize)
        {
            throw new TensorFormatException(
                $"shared memory size specified with the request for output '{tensor.Name}' ({range.ByteSize} bytes) should be at least {tensor.Data.Length} bytes to hold the results");
        }

        sharedMemory.Write(range, tensor.Data.Span);
        return new AnsweredOutput(tensor, range with { ByteSize = tensor.Data.Length });
    }

    private static string[] NamesOf(IReadOnlyList<RequestedOutput> outputs)
    {
        var names = outputs.Count == 0 ? [] : new string[outputs.Count];
        for (var index = 0; index < names.Length; index++)
        {
            names[index] = outputs[index].Name;
        }

        return names;
    }
}

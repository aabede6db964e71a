using Inference;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Reads inference requests in the gRPC form of the Open Inference Protocol.</summary>
/// <remarks>
/// Strict where other servers guess: raw and typed contents in one request, an entry too many or too few, and a value that does not fit its datatype are refused.
/// Little-endian machines only, as .NET has no other.
/// </remarks>
public static class InferRequestReader
{
    /// <summary>Decodes a request. Raw tensors are not copied: they lie in the request.</summary>
    /// <param name="sharedMemory">Reads the inputs that lie in shared memory; <see langword="null"/> refuses them.</param>
    /// <exception cref="TensorFormatException">The request is not what the protocol says.</exception>
    public static InferMessage Read(ModelInferRequest request, SharedMemoryReader? sharedMemory)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new InferMessage(request.Id, RequestParameters.Read(request.Parameters), ReadInputs(request, sharedMemory), ReadOutputs(request));
    }

    private static WireTensor[] ReadInputs(ModelInferRequest request, SharedMemoryReader? sharedMemory)
    {
        var raws = request.RawInputContents;
        var tensors = new WireTensor[request.Inputs.Count];

        // Inputs in shared memory have no entry among the raw contents.
        var rawsTaken = 0;
        for (var index = 0; index < tensors.Length; index++)
        {
            var input = request.Inputs[index];
            if (TensorParameters.ReadSharedMemory(input.Name, input.Parameters) is { } range)
            {
                tensors[index] = new WireTensor(input.Name, input.Datatype, input.Shape, ReadShared(request, input, range, sharedMemory));
            }
            else if (input.Contents is not null)
            {
                if (raws.Count > 0)
                {
                    throw new TensorFormatException(
                        $"contents field must not be specified when using raw_input_contents for '{input.Name}' for model '{request.ModelName}'");
                }

                tensors[index] = new WireTensor(input.Name, input.Datatype, input.Shape, TypedContents.ToRaw(input.Name, input.Datatype, input.Contents));
            }
            else if (rawsTaken < raws.Count)
            {
                tensors[index] = new WireTensor(input.Name, input.Datatype, input.Shape, raws[rawsTaken++].Memory);
            }
            else if (input.Shape.Contains(0))
            {
                tensors[index] = new WireTensor(input.Name, input.Datatype, input.Shape, ReadOnlyMemory<byte>.Empty);
            }
            else
            {
                throw new TensorFormatException($"unable to find data for input tensor '{input.Name}' for model '{request.ModelName}' in request.");
            }
        }

        return rawsTaken == raws.Count
            ? tensors
            : throw new TensorFormatException(
                $"raw_input_contents has {raws.Count} entries for model '{request.ModelName}', {rawsTaken} of which belong to an input. Expected one per input that is not in shared memory");
    }

    private static ReadOnlyMemory<byte> ReadShared(
        ModelInferRequest request, ModelInferRequest.Types.InferInputTensor input, SharedMemoryRange range, SharedMemoryReader? sharedMemory)
    {
        if (input.Contents is not null)
        {
            throw new TensorFormatException(
                $"unexpected 'content' provided when using shared memory for input tensor '{input.Name}' for model '{request.ModelName}'");
        }

        return sharedMemory is null
            ? throw new TensorFormatException($"Input '{input.Name}' lies in shared memory, which is not supported here.")
            : sharedMemory(input.Name, range);
    }

    private static RequestedOutput[] ReadOutputs(ModelInferRequest request)
    {
        var outputs = request.Outputs.Count == 0 ? [] : new RequestedOutput[request.Outputs.Count];
        for (var index = 0; index < outputs.Length; index++)
        {
            outputs[index] = TensorParameters.ReadOutput(request.Outputs[index].Name, request.Outputs[index].Parameters);
        }

        return outputs;
    }
}

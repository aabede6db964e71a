using Inference;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Parameters of one input or output that a server acts on; the others are left alone.</summary>
internal static class TensorParameters
{
    private const string Region = "shared_memory_region";
    private const string Offset = "shared_memory_offset";
    private const string ByteSize = "shared_memory_byte_size";
    private const string Classification = "classification";
    private const string BinaryData = "binary_data";
    private const string BinaryDataSize = "binary_data_size";

    /// <returns><see langword="null"/> when the tensor lies in its message.</returns>
    /// <exception cref="TensorFormatException">A part is missing, or of another type.</exception>
    public static SharedMemoryRange? ReadSharedMemory(string tensor, IDictionary<string, InferParameter> parameters)
    {
        if (parameters.Count == 0)
        {
            return null;
        }

        if (!parameters.TryGetValue(Region, out var region))
        {
            foreach (var name in (ReadOnlySpan<string>)[Offset, ByteSize])
            {
                if (parameters.ContainsKey(name))
                {
                    throw new TensorFormatException($"'{name}' can not be specified without '{Region}' parameter for tensor '{tensor}'");
                }
            }

            return null;
        }

        if (region.ParameterChoiceCase != InferParameter.ParameterChoiceOneofCase.StringParam)
        {
            throw WrongType(Region, tensor, "string_param");
        }

        return new SharedMemoryRange(
            region.StringParam,
            parameters.TryGetValue(Offset, out var offset) ? ReadSize(Offset, tensor, offset) : 0,
            parameters.TryGetValue(ByteSize, out var size)
                ? ReadSize(ByteSize, tensor, size)
                : throw new TensorFormatException($"'{ByteSize}' must be specified along with '{Region}' parameter for tensor '{tensor}'"));
    }

    /// <exception cref="TensorFormatException">A parameter has a value that it cannot have, or two of them exclude each other.</exception>
    public static RequestedOutput ReadOutput(string tensor, IDictionary<string, InferParameter> parameters)
    {
        var output = new RequestedOutput(tensor);
        if (parameters.Count == 0)
        {
            return output;
        }

        output = output with { SharedMemory = ReadSharedMemory(tensor, parameters) };
        if (parameters.TryGetValue(Classification, out var classes))
        {
            if (output.SharedMemory is not null)
            {
                throw new TensorFormatException($"output can't set both '{Region}' and '{Classification}': output '{tensor}'");
            }

            output = output with { Classes = ReadClasses(tensor, classes) };
        }

        if (parameters.TryGetValue(BinaryData, out var binary))
        {
            if (binary.ParameterChoiceCase != InferParameter.ParameterChoiceOneofCase.BoolParam)
            {
                throw WrongType(BinaryData, tensor, "bool_param");
            }

            if (binary.BoolParam && output.SharedMemory is not null)
            {
                throw new TensorFormatException($"output can't set both '{Region}' and '{BinaryData}': output '{tensor}'");
            }

            output = output with { IsBinary = binary.BoolParam };
        }

        return output;
    }

    /// <returns>Bytes of the input after the JSON; <see langword="null"/> when it is not there.</returns>
    public static long? ReadBinarySize(string tensor, IDictionary<string, InferParameter> parameters) =>
        parameters.TryGetValue(BinaryDataSize, out var size) ? ReadSize(BinaryDataSize, tensor, size) : null;

    private static int ReadClasses(string tensor, InferParameter value)
    {
        if (value.ParameterChoiceCase != InferParameter.ParameterChoiceOneofCase.Int64Param)
        {
            throw WrongType(Classification, tensor, "int64_param");
        }

        return value.Int64Param > 0
            ? (int)Math.Min(value.Int64Param, int.MaxValue)
            : throw new TensorFormatException($"invalid value for '{Classification}' parameter for tensor '{tensor}', expected >= 1, got {value.Int64Param}");
    }

    /// <returns>What is beyond an int64 as the greatest of those: nothing is as large.</returns>
    private static long ReadSize(string name, string tensor, InferParameter value) => value.ParameterChoiceCase switch
    {
        InferParameter.ParameterChoiceOneofCase.Uint64Param => (long)Math.Min(value.Uint64Param, long.MaxValue),
        InferParameter.ParameterChoiceOneofCase.Int64Param => value.Int64Param >= 0
            ? value.Int64Param
            : throw new TensorFormatException($"invalid value for '{name}' parameter for tensor '{tensor}', expected >= 0, got {value.Int64Param}"),
        _ => throw WrongType(name, tensor, "int64_param"),
    };

    private static TensorFormatException WrongType(string name, string tensor, string expected) =>
        new($"invalid value type for '{name}' parameter for tensor '{tensor}', expected {expected}.");
}

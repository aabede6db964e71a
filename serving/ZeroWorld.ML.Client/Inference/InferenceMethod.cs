using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using Inference;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Client;

/// <summary>ModelInfer with messages that are written from the query and read into rented memory: each tensor is copied once, in and out.</summary>
internal static class InferenceMethod
{
    private const int RawInputsField = 7;
    private const int VarintBytesMax = 10;

    public static Method<InferenceQuery, InferenceReply> ModelInfer { get; } = new(
        MethodType.Unary, "inference.GRPCInferenceService", "ModelInfer", Marshallers.Create<InferenceQuery>(Write, NeverRead), Marshallers.Create<InferenceReply>(NeverWritten, Read));

    private static void Write(InferenceQuery query, SerializationContext context)
    {
        using var head = new ReverseProtoWriter(1024);
        WriteHead(head, query);
        var length = head.Length;
        foreach (var input in query.Inputs)
        {
            length = checked(length + 1 + CodedOutputStream.ComputeLengthSize(input.Data.Length) + input.Data.Length);
        }

        context.SetPayloadLength(length);
        var writer = context.GetBufferWriter();
        writer.Write(head.Written);
        foreach (var input in query.Inputs)
        {
            WriteRaw(writer, input.Data.Span);
        }

        context.Complete();
    }

    private static void WriteRaw(IBufferWriter<byte> writer, ReadOnlySpan<byte> data)
    {
        var span = writer.GetSpan(1 + VarintBytesMax);
        var count = 0;
        span[count++] = (RawInputsField << 3) | (int)WireFormat.WireType.LengthDelimited;
        var rest = (uint)data.Length;
        for (; rest >= 0x80; rest >>= 7)
        {
            span[count++] = (byte)(rest | 0x80);
        }

        span[count++] = (byte)rest;
        writer.Advance(count);
        writer.Write(data);
    }

    /// <summary>Everything but the tensors' bytes. Last first, as the writer has it.</summary>
    private static void WriteHead(ReverseProtoWriter writer, InferenceQuery query)
    {
        for (var index = query.Outputs.Count - 1; index >= 0; index--)
        {
            var mark = writer.Length;
            writer.WriteStringField(ModelInferRequest.Types.InferRequestedOutputTensor.NameFieldNumber, query.Outputs[index]);
            writer.EndField(ModelInferRequest.OutputsFieldNumber, mark);
        }

        for (var index = query.Inputs.Count - 1; index >= 0; index--)
        {
            var input = query.Inputs[index];
            var mark = writer.Length;
            var shape = writer.Length;
            for (var axis = input.Shape.Count - 1; axis >= 0; axis--)
            {
                writer.WriteVarint((ulong)input.Shape[axis]);
            }

            writer.EndField(ModelInferRequest.Types.InferInputTensor.ShapeFieldNumber, shape);
            writer.WriteStringField(ModelInferRequest.Types.InferInputTensor.DatatypeFieldNumber, input.Datatype);
            writer.WriteStringField(ModelInferRequest.Types.InferInputTensor.NameFieldNumber, input.Name);
            writer.EndField(ModelInferRequest.InputsFieldNumber, mark);
        }

        if (query.Priority > 0)
        {
            WriteParameter(writer, "priority", InferParameter.Uint64ParamFieldNumber, (ulong)query.Priority);
        }

        if (query.Sequence is { } sequence)
        {
            WriteParameter(writer, "sequence_id", InferParameter.Int64ParamFieldNumber, sequence.Id);
            WriteParameter(writer, "sequence_start", InferParameter.BoolParamFieldNumber, sequence.IsStart ? 1UL : 0);
            WriteParameter(writer, "sequence_end", InferParameter.BoolParamFieldNumber, sequence.IsEnd ? 1UL : 0);
        }

        writer.WriteStringField(ModelInferRequest.IdFieldNumber, query.Id);
        writer.WriteStringField(ModelInferRequest.ModelVersionFieldNumber, query.Version);
        writer.WriteStringField(ModelInferRequest.ModelNameFieldNumber, query.Model);
    }

    private static void WriteParameter(ReverseProtoWriter writer, string name, int kind, ulong value)
    {
        const int MapKey = 1;
        const int MapValue = 2;
        var mark = writer.Length;
        var entry = writer.Length;
        writer.WriteVarint(value);
        writer.WriteTag(kind, WireFormat.WireType.Varint);
        writer.EndField(MapValue, entry);
        writer.WriteStringField(MapKey, name);
        writer.EndField(ModelInferRequest.ParametersFieldNumber, mark);
    }

    private static InferenceReply Read(DeserializationContext context)
    {
        var payload = context.PayloadAsReadOnlySequence();
        var buffer = ArrayPool<byte>.Shared.Rent((int)payload.Length);
        try
        {
            payload.CopyTo(buffer);
            return Read(buffer, (int)payload.Length);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    /// <exception cref="InvalidDataException">The bytes are no ModelInferResponse.</exception>
    /// <exception cref="TensorFormatException">The answer is not what the protocol says.</exception>
    private static InferenceReply Read(byte[] buffer, int length)
    {
        var response = new ModelInferResponse();
        var position = 0;
        while (position < length)
        {
            var start = position;
            var tag = (uint)ReadVarint(buffer, ref position, length);
            var (size, isRaw) = WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.LengthDelimited => ((long)ReadVarint(buffer, ref position, length), WireFormat.GetTagFieldNumber(tag) == ModelInferResponse.RawOutputContentsFieldNumber),
                WireFormat.WireType.Varint => (VarintSize(buffer, position, length), false),
                WireFormat.WireType.Fixed32 => (sizeof(uint), false),
                WireFormat.WireType.Fixed64 => (sizeof(ulong), false),
                _ => throw Malformed(),
            };
            if (size < 0 || size > length - position)
            {
                throw Malformed();
            }

            if (isRaw)
            {
                // In place: everything else is small.
                response.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(position, (int)size)));
            }
            else
            {
                response.MergeFrom(buffer.AsSpan(start, position - start + (int)size));
            }

            position += (int)size;
        }

        return new InferenceReply(buffer, response.ModelName, response.ModelVersion, response.Id, InferTensorCodec.ReadOutputs(response));
    }

    private static long VarintSize(byte[] buffer, int position, int length)
    {
        var start = position;
        ReadVarint(buffer, ref position, length);
        return position - start;
    }

    private static ulong ReadVarint(byte[] buffer, ref int position, int length)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64 && position < length; shift += 7)
        {
            var part = buffer[position++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw Malformed();
    }

    private static InvalidDataException Malformed() => new("The answer is no ModelInferResponse: a field in it breaks off.");

    private static InferenceQuery NeverRead(DeserializationContext context) => throw new NotSupportedException("Requests are not read here.");

    private static void NeverWritten(InferenceReply reply, SerializationContext context) => throw new NotSupportedException("Answers are not written here.");
}

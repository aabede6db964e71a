using Google.Protobuf;
using ZeroWorld.ML.Models.Onnx.Protos;
using static ZeroWorld.ML.Models.Onnx.Protos.AttributeProto.Types;

namespace ZeroWorld.ML.Models.Onnx;

/// <summary>A named constant of a node.</summary>
/// <remarks>Immutable; the factories copy what they are given.</remarks>
public sealed class OnnxAttribute
{
    private OnnxAttribute(AttributeProto proto) => Proto = proto;

    public string Name => Proto.Name;

    internal AttributeProto Proto { get; }

    public static OnnxAttribute Of(string name, long value) => new(new AttributeProto { Name = name, Type = AttributeType.Int, I = value });

    public static OnnxAttribute Of(string name, float value) => new(new AttributeProto { Name = name, Type = AttributeType.Float, F = value });

    public static OnnxAttribute Of(string name, string value) =>
        new(new AttributeProto { Name = name, Type = AttributeType.String, S = ByteString.CopyFromUtf8(value) });

    public static OnnxAttribute Of(string name, IEnumerable<long> values)
    {
        var proto = new AttributeProto { Name = name, Type = AttributeType.Ints };
        proto.Ints.AddRange(values);
        return new OnnxAttribute(proto);
    }

    public static OnnxAttribute Of(string name, IEnumerable<float> values)
    {
        var proto = new AttributeProto { Name = name, Type = AttributeType.Floats };
        proto.Floats.AddRange(values);
        return new OnnxAttribute(proto);
    }

    public static OnnxAttribute Of(string name, IEnumerable<string> values)
    {
        var proto = new AttributeProto { Name = name, Type = AttributeType.Strings };
        proto.Strings.AddRange(values.Select(ByteString.CopyFromUtf8));
        return new OnnxAttribute(proto);
    }
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Google.Protobuf;
using ZeroWorld.ML.Models.Onnx.Protos;
using Dimension = ZeroWorld.ML.Models.Onnx.Protos.TensorShapeProto.Types.Dimension;

namespace ZeroWorld.ML.Models.Onnx;

/// <summary>Writes an ONNX file: inputs, outputs, initializers and nodes in topological order.</summary>
/// <remarks>
/// Not thread safe. The same calls in the same order give the same bytes. The files are of IR version 8 with operator set 17 and, where a node needs it,
/// <c>ai.onnx.ml</c> 3: old enough for every runtime of the last years.
/// </remarks>
public sealed class OnnxGraphBuilder
{
    /// <summary>The operator set of trees and other classical models.</summary>
    public const string MlDomain = "ai.onnx.ml";

    /// <summary>Name of the first axis of every input and output whose size is -1.</summary>
    public const string RowAxis = "rows";

    private const long IrVersion = 8;
    private const long OpsetVersion = 17;
    private const long MlOpsetVersion = 3;

    private readonly ModelProto _model;
    private readonly SortedDictionary<string, long> _opsets = new(StringComparer.Ordinal) { [""] = OpsetVersion };
    private readonly SortedDictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly HashSet<string> _values = new(StringComparer.Ordinal);

    public OnnxGraphBuilder(string graphName)
    {
        ArgumentException.ThrowIfNullOrEmpty(graphName);
        _model = new ModelProto { IrVersion = IrVersion, ProducerName = "ZeroWorld.ML", Graph = new GraphProto { Name = graphName } };
    }

    public OnnxGraphBuilder AddInput(TensorSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        Define(spec.Name, "input");
        _model.Graph.Input.Add(ToValueInfo(spec));
        return this;
    }

    /// <summary>Declares that the value of this name, which a node must have given by the time the file is written, is an output.</summary>
    public OnnxGraphBuilder AddOutput(TensorSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (_model.Graph.Output.Any(output => output.Name == spec.Name))
        {
            throw Invalid($"The output '{spec.Name}' is declared twice.");
        }

        _model.Graph.Output.Add(ToValueInfo(spec));
        return this;
    }

    /// <param name="data">Row-major elements.</param>
    /// <param name="shape">All dimensions; empty for a scalar.</param>
    public OnnxGraphBuilder AddInitializer(string name, ReadOnlySpan<float> data, params ReadOnlySpan<long> shape)
    {
        var bytes = new byte[(long)data.Length * sizeof(float)];
        for (var index = 0; index < data.Length; index++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(index * sizeof(float)), data[index]);
        }

        return AddInitializer(name, TensorDtype.Float32, bytes, data.Length, shape);
    }

    /// <param name="data">Row-major elements.</param>
    /// <param name="shape">All dimensions; empty for a scalar.</param>
    public OnnxGraphBuilder AddInitializer(string name, ReadOnlySpan<double> data, params ReadOnlySpan<long> shape)
    {
        var bytes = new byte[(long)data.Length * sizeof(double)];
        for (var index = 0; index < data.Length; index++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(index * sizeof(double)), data[index]);
        }

        return AddInitializer(name, TensorDtype.Float64, bytes, data.Length, shape);
    }

    /// <param name="data">Row-major elements.</param>
    /// <param name="shape">All dimensions; empty for a scalar.</param>
    public OnnxGraphBuilder AddInitializer(string name, ReadOnlySpan<long> data, params ReadOnlySpan<long> shape)
    {
        var bytes = new byte[(long)data.Length * sizeof(long)];
        for (var index = 0; index < data.Length; index++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(index * sizeof(long)), data[index]);
        }

        return AddInitializer(name, TensorDtype.Int64, bytes, data.Length, shape);
    }

    /// <summary>Adds a node whose inputs exist already; an empty name leaves out an optional input or output.</summary>
    /// <param name="domain">Operator set; empty for the standard's own.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: an input that nothing gave yet, or an output name that is taken.</exception>
    public OnnxGraphBuilder AddNode(
        string operatorType, IReadOnlyList<string> inputs, IReadOnlyList<string> outputs, IEnumerable<OnnxAttribute>? attributes = null, string domain = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(operatorType);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        var unknown = inputs.FirstOrDefault(input => input.Length > 0 && !_values.Contains(input));
        if (unknown is not null)
        {
            throw Invalid($"The node {operatorType} reads '{unknown}', which no input, initializer or earlier node gives.");
        }

        foreach (var output in outputs.Where(static output => output.Length > 0))
        {
            Define(output, "value");
        }

        if (domain == MlDomain)
        {
            _opsets.TryAdd(MlDomain, MlOpsetVersion);
        }

        var node = new NodeProto { Name = $"{operatorType}_{_model.Graph.Node.Count}", OpType = operatorType, Domain = domain };
        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs);
        node.Attribute.AddRange((attributes ?? []).Select(static attribute => attribute.Proto));
        _model.Graph.Node.Add(node);
        return this;
    }

    /// <summary>Asks for another version of an operator set than the default, or for a further operator set.</summary>
    public OnnxGraphBuilder SetOpset(string domain, long version)
    {
        ArgumentNullException.ThrowIfNull(domain);
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        _opsets[domain] = version;
        return this;
    }

    /// <summary>Sets a free text property of the file.</summary>
    public OnnxGraphBuilder SetMetadata(string key, string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        _metadata[key] = value;
        return this;
    }

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: no output, one that nothing gives, or a node of an unknown operator set.</exception>
    public byte[] ToBytes()
    {
        if (_model.Graph.Output.Count == 0)
        {
            throw Invalid($"The graph '{_model.Graph.Name}' has no output.");
        }

        if (_model.Graph.Output.FirstOrDefault(output => !_values.Contains(output.Name)) is { } missing)
        {
            throw Invalid($"No node gives the output '{missing.Name}'.");
        }

        if (_model.Graph.Node.FirstOrDefault(node => !_opsets.ContainsKey(node.Domain)) is { } stranger)
        {
            throw Invalid($"The node {stranger.OpType} is of the operator set '{stranger.Domain}', for which no version was set.");
        }

        var model = _model.Clone();
        model.OpsetImport.AddRange(_opsets.Select(static pair => new OperatorSetIdProto { Domain = pair.Key, Version = pair.Value }));
        model.MetadataProps.AddRange(_metadata.Select(static pair => new StringStringEntryProto { Key = pair.Key, Value = pair.Value }));
        return model.ToByteArray();
    }

    /// <summary>Writes the file, whole or not at all; an existing one is replaced.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>, as <see cref="ToBytes"/>.</exception>
    public void Write(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, ToBytes());
    }

    private OnnxGraphBuilder AddInitializer(string name, TensorDtype dtype, byte[] bytes, long elements, ReadOnlySpan<long> shape)
    {
        var expected = 1L;
        foreach (var size in shape)
        {
            expected = size < 0 ? -1 : checked(expected * size);
        }

        if (expected != elements)
        {
            throw Invalid($"The initializer '{name}' has {elements} elements; its shape [{string.Join(", ", shape.ToArray())}] holds {expected}.");
        }

        Define(name, "initializer");
        var tensor = new TensorProto
        {
            Name = name,
            DataType = (int)OnnxElementTypes.ToElementType(dtype),
            RawData = UnsafeByteOperations.UnsafeWrap(bytes),
        };
        tensor.Dims.AddRange(shape.ToArray());
        _model.Graph.Initializer.Add(tensor);
        return this;
    }

    private void Define(string name, string kind)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!_values.Add(name))
        {
            throw Invalid($"The {kind} '{name}' has a name that is taken: every value of a graph has its own.");
        }
    }

    private static ValueInfoProto ToValueInfo(TensorSpec spec)
    {
        var shape = new TensorShapeProto();
        for (var axis = 0; axis < spec.Shape.Count; axis++)
        {
            shape.Dim.Add(spec.Shape[axis] switch
            {
                -1 => new Dimension { DimParam = axis == 0 ? RowAxis : $"{spec.Name}_{axis}" },
                >= 0 and var size => new Dimension { DimValue = size },
                var size => throw Invalid($"The axis {axis} of '{spec.Name}' has the size {size}; expected 0 or more, or -1 for any."),
            });
        }

        var tensor = new TypeProto.Types.Tensor { ElemType = (int)OnnxElementTypes.ToElementType(spec.Dtype), Shape = shape };
        return new ValueInfoProto { Name = spec.Name, Type = new TypeProto { TensorType = tensor } };
    }

    private static RegistryException Invalid(string message) => new(RegistryError.InvalidInput, message);
}

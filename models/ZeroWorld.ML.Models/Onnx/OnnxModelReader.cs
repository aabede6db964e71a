using System.Globalization;
using System.Text;
using Google.Protobuf;
using ZeroWorld.ML.Models.Onnx.Protos;

namespace ZeroWorld.ML.Models.Onnx;

/// <summary>Reads what an ONNX file declares, without a runtime and without its weights.</summary>
/// <remarks>
/// For files from outside: nothing is allocated by an unchecked length, nesting and counts are bounded, and paths of external weights must stay inside the model's folder.
/// That the graph computes is not checked; a runtime does that.
/// </remarks>
public static class OnnxModelReader
{
    /// <summary>Bounds of what one file may declare; models in use stay far below.</summary>
    internal const int ValuesMax = 10_000;
    internal const int NodesMax = 5_000_000;
    internal const int NestingMax = 32;
    internal const int TextBytesMax = 1 << 20;
    internal const long DeclaredBytesMax = 256L << 20;
    internal const int DimensionsMax = 32;

    private const long IrVersionMin = 3;

    /// <exception cref="RegistryException">
    /// <see cref="RegistryError.InvalidInput"/>: no such file, not ONNX, truncated, beyond the bounds, or weights in a file that is missing, too short or outside the folder.
    /// </exception>
    public static OnnxModel Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 64 << 10);
            var scan = new Scan(new ProtoFile(stream));
            scan.ReadModel();
            return scan.ToModel(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception exception) when (exception is InvalidDataException or InvalidProtocolBufferException or EndOfStreamException)
        {
            throw new RegistryException(
                RegistryError.InvalidInput, $"The file '{Path.GetFileName(path)}' is not a readable ONNX model: {exception.Message.TrimEnd('.')}.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryError.InvalidInput, $"The ONNX model '{path}' cannot be opened: {exception.Message}", exception);
        }
    }

    private sealed class Scan(ProtoFile file)
    {
        private readonly Dictionary<string, long> _opsets = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
        private readonly List<ValueInfoProto> _inputs = [];
        private readonly List<ValueInfoProto> _outputs = [];
        private readonly HashSet<string> _initializers = new(StringComparer.Ordinal);
        private readonly SortedSet<string> _operators = new(StringComparer.Ordinal);
        private readonly Dictionary<string, long> _externalEnds = new(StringComparer.Ordinal);
        private long _irVersion;
        private long _declaredBytes;
        private int _nodes;
        private bool _hasGraph;

        internal void ReadModel()
        {
            var end = file.Length;
            while (file.TryReadTag(end, out var field, out var wireType))
            {
                switch (field)
                {
                    case ModelProto.IrVersionFieldNumber when wireType == ProtoFile.Varint:
                        _irVersion = (long)file.ReadVarint(end);
                        break;
                    case ModelProto.OpsetImportFieldNumber:
                        var opset = OperatorSetIdProto.Parser.ParseFrom(Declared(wireType, end));
                        _opsets[opset.Domain == "ai.onnx" ? "" : opset.Domain] = opset.Version;
                        break;
                    case ModelProto.MetadataPropsFieldNumber:
                        var property = StringStringEntryProto.Parser.ParseFrom(Declared(wireType, end));
                        _metadata[property.Key] = property.Value;
                        break;
                    case ModelProto.GraphFieldNumber:
                        _hasGraph = true;
                        ReadGraph(file.ReadEnd(wireType, end), depth: 0);
                        break;
                    case ModelProto.FunctionsFieldNumber:
                        ReadFunction(file.ReadEnd(wireType, end));
                        break;
                    default:
                        file.Skip(wireType, end);
                        break;
                }
            }
        }

        internal OnnxModel ToModel(string folder)
        {
            if (!_hasGraph || _irVersion < IrVersionMin || _opsets.Count == 0)
            {
                throw new InvalidDataException(
                    _hasGraph ? $"it has IR version {_irVersion} and {_opsets.Count} operator sets; expected {IrVersionMin} or more and at least one" : "it holds no graph");
            }

            return new OnnxModel
            {
                IrVersion = _irVersion,
                Opsets = _opsets,
                Inputs = ToValues(_inputs.Where(input => !_initializers.Contains(input.Name)), "input"),
                Outputs = ToValues(_outputs, "output"),
                Metadata = _metadata,
                Operators = [.. _operators],
                ExternalFiles = OnnxExternalData.Check(folder, _externalEnds),
            };
        }

        private void ReadGraph(long end, int depth)
        {
            var isMain = depth == 0;
            Enter(depth);
            while (file.TryReadTag(end, out var field, out var wireType))
            {
                switch (field)
                {
                    case GraphProto.NodeFieldNumber:
                        ReadNode(file.ReadEnd(wireType, end), depth);
                        break;
                    case GraphProto.InitializerFieldNumber:
                        ReadTensor(file.ReadEnd(wireType, end), isMain);
                        break;
                    case GraphProto.SparseInitializerFieldNumber:
                        ReadSparseTensor(file.ReadEnd(wireType, end), isMain);
                        break;
                    case GraphProto.InputFieldNumber when isMain:
                        AddValue(_inputs, wireType, end);
                        break;
                    case GraphProto.OutputFieldNumber when isMain:
                        AddValue(_outputs, wireType, end);
                        break;
                    default:
                        file.Skip(wireType, end);
                        break;
                }
            }
        }

        private void ReadFunction(long end)
        {
            while (file.TryReadTag(end, out var field, out var wireType))
            {
                switch (field)
                {
                    case FunctionProto.NodeFieldNumber:
                        ReadNode(file.ReadEnd(wireType, end), depth: 1);
                        break;
                    case FunctionProto.AttributeProtoFieldNumber:
                        ReadAttribute(file.ReadEnd(wireType, end), depth: 1);
                        break;
                    default:
                        file.Skip(wireType, end);
                        break;
                }
            }
        }

        private void ReadNode(long end, int depth)
        {
            if (++_nodes > NodesMax)
            {
                throw new InvalidDataException($"it has more than {NodesMax} nodes");
            }

            string type = "", domain = "";
            while (file.TryReadTag(end, out var field, out var wireType))
            {
                switch (field)
                {
                    case NodeProto.OpTypeFieldNumber:
                        type = Text(wireType, end);
                        break;
                    case NodeProto.DomainFieldNumber:
                        domain = Text(wireType, end);
                        break;
                    case NodeProto.AttributeFieldNumber:
                        ReadAttribute(file.ReadEnd(wireType, end), depth);
                        break;
                    default:
                        file.Skip(wireType, end);
                        break;
                }
            }

            _operators.Add(domain is "" or "ai.onnx" ? type : $"{domain}:{type}");
        }

        private void ReadAttribute(long end, int depth)
        {
            while (file.TryReadTag(end, out var field, out var wireType))
            {
                switch (field)
                {
                    case AttributeProto.TFieldNumber or AttributeProto.TensorsFieldNumber:
                        ReadTensor(file.ReadEnd(wireType, end), isInitializer: false);
                        break;
                    case AttributeProto.SparseTensorFieldNumber or AttributeProto.SparseTensorsFieldNumber:
                        ReadSparseTensor(file.ReadEnd(wireType, end), isInitializer: false);
                        break;
                    case AttributeProto.GFieldNumber or AttributeProto.GraphsFieldNumber:
                        ReadGraph(file.ReadEnd(wireType, end), depth + 1);
                        break;
                    default:
                        file.Skip(wireType, end);
                        break;
                }
            }
        }

        private void ReadSparseTensor(long end, bool isInitializer)
        {
            while (file.TryReadTag(end, out var field, out var wireType))
            {
                if (field is SparseTensorProto.ValuesFieldNumber or SparseTensorProto.IndicesFieldNumber)
                {
                    ReadTensor(file.ReadEnd(wireType, end), isInitializer && field == SparseTensorProto.ValuesFieldNumber);
                }
                else
                {
                    file.Skip(wireType, end);
                }
            }
        }

        private void ReadTensor(long end, bool isInitializer)
        {
            var name = "";
            var isExternal = false;
            var external = new Dictionary<string, string>(StringComparer.Ordinal);
            while (file.TryReadTag(end, out var field, out var wireType))
            {
                switch (field)
                {
                    case TensorProto.NameFieldNumber:
                        name = Text(wireType, end);
                        break;
                    case TensorProto.DataLocationFieldNumber when wireType == ProtoFile.Varint:
                        isExternal = file.ReadVarint(end) == (ulong)TensorProto.Types.DataLocation.External;
                        break;
                    case TensorProto.ExternalDataFieldNumber:
                        var entry = StringStringEntryProto.Parser.ParseFrom(Declared(wireType, end));
                        external[entry.Key] = entry.Value;
                        break;
                    default:
                        file.Skip(wireType, end);
                        break;
                }
            }

            if (isInitializer)
            {
                _initializers.Add(name);
            }

            if (isExternal || external.Count > 0)
            {
                OnnxExternalData.Add(_externalEnds, name, external);
            }
        }

        private void AddValue(List<ValueInfoProto> values, int wireType, long end)
        {
            values.Add(ValueInfoProto.Parser.ParseFrom(Declared(wireType, end)));
            if (values.Count > ValuesMax)
            {
                throw new InvalidDataException($"it declares more than {ValuesMax} inputs or outputs");
            }
        }

        private string Text(int wireType, long end) => Encoding.UTF8.GetString(Declared(wireType, end));

        // Everything that is kept in memory passes here.
        private byte[] Declared(int wireType, long end)
        {
            var bytes = file.ReadBytes(wireType, end, TextBytesMax);
            _declaredBytes += bytes.Length;
            return _declaredBytes <= DeclaredBytesMax
                ? bytes
                : throw new InvalidDataException($"its names and declarations have more than {DeclaredBytesMax} bytes");
        }

        private static void Enter(int depth)
        {
            if (depth > NestingMax)
            {
                throw new InvalidDataException($"its graphs are nested more than {NestingMax} deep");
            }
        }

        private static List<OnnxValue> ToValues(IEnumerable<ValueInfoProto> protos, string kind)
        {
            var values = new List<OnnxValue>();
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var proto in protos)
            {
                if (proto.Name.Length == 0 || !names.Add(proto.Name))
                {
                    throw new InvalidDataException(proto.Name.Length == 0 ? $"an {kind} has no name" : $"the {kind} '{proto.Name}' is declared twice");
                }

                values.Add(ToValue(proto, kind));
            }

            return values;
        }

        private static OnnxValue ToValue(ValueInfoProto proto, string kind)
        {
            if (proto.Type?.TensorType is not { } tensor)
            {
                var words = (proto.Type?.ValueCase ?? TypeProto.ValueOneofCase.None).ToString();
                return new OnnxValue(proto.Name, words.Replace("Type", "", StringComparison.Ordinal).ToLowerInvariant(), null, null);
            }

            var type = Enum.IsDefined((TensorProto.Types.DataType)tensor.ElemType)
                ? ((TensorProto.Types.DataType)tensor.ElemType).ToString().ToLowerInvariant()
                : tensor.ElemType.ToString(CultureInfo.InvariantCulture);
            if (tensor.Shape is { Dim.Count: > DimensionsMax })
            {
                throw new InvalidDataException($"the {kind} '{proto.Name}' has {tensor.Shape.Dim.Count} dimensions, more than {DimensionsMax}");
            }

            // Some exporters write any size as a value of 0 or less instead of leaving it out; only a named or absent one says so in the standard.
            var shape = tensor.Shape?.Dim.Select(dimension =>
                dimension.ValueCase != TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue || dimension.DimValue < 0 ? -1 : dimension.DimValue);
            return new OnnxValue(proto.Name, type, OnnxElementTypes.ToDtype(tensor.ElemType), shape?.ToArray());
        }
    }
}

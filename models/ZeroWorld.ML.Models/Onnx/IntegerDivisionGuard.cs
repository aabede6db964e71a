using System.Buffers.Binary;
using Google.Protobuf;
using ZeroWorld.ML.Models.Onnx.Protos;
using DataType = ZeroWorld.ML.Models.Onnx.Protos.TensorProto.Types.DataType;

namespace ZeroWorld.ML.Models.Onnx;

/// <summary>
/// Rewrites a graph so that no <c>Div</c> or <c>Mod</c> divides the smallest int32 or int64 by -1: on that, the processor ends the whole process.
/// </summary>
/// <remarks>
/// The divisor is replaced by 1 exactly there. The smallest value divided by -1 then is the smallest value (two's complement, as other runtimes answer), its remainder 0.
/// Narrower types are widened before they are divided, and a division by 0 is an error of the runtime, which ends nothing.
/// </remarks>
public static class IntegerDivisionGuard
{
    private const string Prefix = "zeroworld_division_guard";

    // Where exists from operator set 9 on; before 7, operators broadcast by attributes.
    private const long WhereOpsetMin = 9;
    private const long OpsetMin = 7;

    /// <param name="path">A file in which every value has its type (<c>value_info</c>) and functions are inlined, as ONNX Runtime writes one.</param>
    /// <param name="outputPath">Receives the rewritten file, beside the first one where it has weights in other files.</param>
    /// <returns><see langword="false"/> when nothing had to be rewritten, and nothing was.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: a division whose type is not known, or an operator set too old for the guard.</exception>
    public static bool TryRewrite(string path, string outputPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ModelProto model;
        using (var stream = File.OpenRead(path))
        {
            model = ModelProto.Parser.ParseFrom(stream);
        }

        if (model.Functions.Any(static function => function.Node.Any(IsDivision)))
        {
            throw Invalid("it divides in a function whose types are not known");
        }

        var opset = model.OpsetImport.FirstOrDefault(static opset => opset.Domain is "" or "ai.onnx")?.Version ?? 0;
        var rewrite = new Rewrite(opset >= WhereOpsetMin);
        rewrite.Visit(model.Graph, new Scope(null, model.Graph));
        if (rewrite.Count == 0)
        {
            return false;
        }

        if (opset < OpsetMin)
        {
            throw Invalid($"it divides integers by a value that is not constant, with an operator set below {OpsetMin}, for which there is no guard");
        }

        model.Graph.Initializer.AddRange(rewrite.Constants);
        using var output = File.Create(outputPath);
        model.WriteTo(output);
        return true;
    }

    private static bool IsDivision(NodeProto node) => node.OpType is "Div" or "Mod" && node.Domain is "" or "ai.onnx" && node.Input.Count == 2;

    private static RegistryException Invalid(string reason) => new(RegistryError.InvalidInput, $"The ONNX model cannot be served safely: {reason}.");

    /// <summary>Types and constants that a graph can see: its own and those of the graphs around it.</summary>
    private sealed class Scope
    {
        private readonly Scope? _outer;
        private readonly Dictionary<string, DataType> _types = new(StringComparer.Ordinal);
        private readonly Dictionary<string, TensorProto> _constants = new(StringComparer.Ordinal);

        public Scope(Scope? outer, GraphProto graph)
        {
            _outer = outer;
            foreach (var value in graph.Input.Concat(graph.ValueInfo).Concat(graph.Output))
            {
                if (value.Type?.TensorType is { } tensor)
                {
                    _types[value.Name] = (DataType)tensor.ElemType;
                }
            }

            var inputs = graph.Input.Select(static input => input.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var initializer in graph.Initializer)
            {
                _types[initializer.Name] = (DataType)initializer.DataType;

                // An initializer that is an input too is only a default: a caller may give something else.
                if (!inputs.Contains(initializer.Name))
                {
                    _constants[initializer.Name] = initializer;
                }
            }

            // Nodes stand in the order in which they run.
            foreach (var node in graph.Node)
            {
                for (var output = 0; output < node.Output.Count; output++)
                {
                    if (node.Output[output].Length > 0 && !_types.ContainsKey(node.Output[output]) && Infer(node, output) is not DataType.Undefined and var type)
                    {
                        _types[node.Output[output]] = type;
                    }
                }

                if (node.OpType == "Constant" && node.Attribute.FirstOrDefault(static attribute => attribute.Name == "value")?.T is { } tensor)
                {
                    _types[node.Output[0]] = (DataType)tensor.DataType;
                    _constants[node.Output[0]] = tensor;
                }
            }
        }

        private DataType Infer(NodeProto node, int output)
        {
            // The bodies of If and Scan give the outputs of the node; that of Loop gives whether to go on first.
            var (body, index) = node.OpType switch
            {
                "If" => (Body(node, "then_branch"), output),
                "Scan" => (Body(node, "body"), output),
                "Loop" => (Body(node, "body"), output + 1),
                _ => (null, 0),
            };
            return body is not null && index < body.Output.Count ? new Scope(this, body).GetType(body.Output[index].Name) : OnnxValueTypes.Infer(node, output, GetType);
        }

        private static GraphProto? Body(NodeProto node, string name) => node.Attribute.FirstOrDefault(attribute => attribute.Name == name)?.G;

        public DataType GetType(string name) => _types.TryGetValue(name, out var type) ? type : _outer?.GetType(name) ?? DataType.Undefined;

        public TensorProto? GetConstant(string name) =>
            _constants.TryGetValue(name, out var constant) ? constant : _types.ContainsKey(name) ? null : _outer?.GetConstant(name);
    }

    private sealed class Rewrite(bool hasWhere)
    {
        private readonly Dictionary<string, TensorProto> _constants = new(StringComparer.Ordinal);

        public int Count { get; private set; }

        public IEnumerable<TensorProto> Constants => _constants.Values;

        public void Visit(GraphProto graph, Scope scope)
        {
            for (var index = 0; index < graph.Node.Count; index++)
            {
                var node = graph.Node[index];
                foreach (var body in node.Attribute.SelectMany(static attribute => attribute.G is { } single ? attribute.Graphs.Append(single) : attribute.Graphs))
                {
                    Visit(body, new Scope(scope, body));
                }

                if (IsDivision(node) && NeedsGuard(node, scope, out var type))
                {
                    foreach (var guard in Guard(node, type))
                    {
                        graph.Node.Insert(index++, guard);
                    }
                }
            }
        }

        private static bool NeedsGuard(NodeProto node, Scope scope, out DataType type)
        {
            type = scope.GetType(node.Input[1]);
            type = type == DataType.Undefined ? scope.GetType(node.Input[0]) : type;
            return type switch
            {
                DataType.Undefined => throw Invalid($"the types that its node '{node.Name}' ({node.OpType}) divides are not known"),
                DataType.Int32 or DataType.Int64 => scope.GetConstant(node.Input[1]) is not { } divisor || !IsHarmless(divisor),
                _ => false,
            };
        }

        /// <summary>Whether no element is -1. A constant that is not in the file counts as harmful.</summary>
        private static bool IsHarmless(TensorProto tensor)
        {
            if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
            {
                return false;
            }

            var width = (DataType)tensor.DataType == DataType.Int32 ? sizeof(int) : sizeof(long);
            var raw = tensor.RawData.Span;
            for (var offset = 0; offset + width <= raw.Length; offset += width)
            {
                if (raw.Slice(offset, width).IndexOfAnyExcept((byte)0xFF) < 0)
                {
                    return false;
                }
            }

            return tensor.Int32Data.All(static value => value != -1) && tensor.Int64Data.All(static value => value != -1);
        }

        /// <summary>The nodes before the division; the division then reads the guarded divisor. All is done as int64, for which every runtime has these operators.</summary>
        private List<NodeProto> Guard(NodeProto node, DataType type)
        {
            var prefix = $"{Prefix}_{Count++}";
            var nodes = new List<NodeProto>();
            var dividend = ToInt64(node.Input[0], type, $"{prefix}_dividend", nodes);
            var divisor = ToInt64(node.Input[1], type, $"{prefix}_divisor", nodes);
            var isMinusOne = Add(nodes, "Equal", $"{prefix}_is_minus_one", divisor, Constant(-1));
            var isSmallest = Add(nodes, "Equal", $"{prefix}_is_smallest", dividend, Constant(type == DataType.Int32 ? int.MinValue : long.MinValue));
            var isFatal = Add(nodes, "And", $"{prefix}_is_fatal", isMinusOne, isSmallest);

            // -1 becomes 1 in both ways.
            var guarded = hasWhere
                ? Add(nodes, "Where", $"{prefix}_guarded", isFatal, Constant(1), divisor)
                : Add(nodes, "Add", $"{prefix}_guarded", divisor, Add(nodes, "Mul", $"{prefix}_step", Constant(2), Cast(isFatal, DataType.Int64, $"{prefix}_flag", nodes)));
            node.Input[1] = type == DataType.Int64 ? guarded : Cast(guarded, type, $"{prefix}_result", nodes);
            return nodes;
        }

        private static string ToInt64(string name, DataType type, string output, List<NodeProto> nodes) =>
            type == DataType.Int64 ? name : Cast(name, DataType.Int64, output, nodes);

        private static string Cast(string name, DataType type, string output, List<NodeProto> nodes)
        {
            Add(nodes, "Cast", output, name);
            nodes[^1].Attribute.Add(new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (long)type });
            return output;
        }

        private static string Add(List<NodeProto> nodes, string operatorType, string output, params ReadOnlySpan<string> inputs)
        {
            var node = new NodeProto { Name = output, OpType = operatorType };
            foreach (var input in inputs)
            {
                node.Input.Add(input);
            }

            node.Output.Add(output);
            nodes.Add(node);
            return output;
        }

        /// <summary>An int64 scalar among the initializers of the outermost graph, where every subgraph sees it.</summary>
        private string Constant(long value)
        {
            var name = $"{Prefix}_{(value < 0 ? "minus_" : "")}{(UInt128)Int128.Abs(value)}";
            if (!_constants.ContainsKey(name))
            {
                var raw = new byte[sizeof(long)];
                BinaryPrimitives.WriteInt64LittleEndian(raw, value);
                _constants.Add(name, new TensorProto { Name = name, DataType = (int)DataType.Int64, RawData = ByteString.CopyFrom(raw) });
            }

            return name;
        }
    }
}

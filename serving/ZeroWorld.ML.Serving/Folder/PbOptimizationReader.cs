using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads <c>optimization</c> of a <c>config.pbtxt</c>: level of the graph and accelerators.</summary>
internal static class PbOptimizationReader
{
    public static void Read(IReadOnlyList<ConfigNode> fields, PbConfigDraft draft)
    {
        foreach (var node in fields)
        {
            switch (node.Name)
            {
                case "graph":
                    foreach (var field in PbConfigReader.Message(node))
                    {
                        // Triton's onnxruntime backend: -1 basic, 1 extended, else all.
                        var level = PbConfigReader.Number(PbConfigReader.Only(field, "level"), -1, 1);
                        draft.Onnx = draft.Onnx with { GraphOptimization = level switch { -1 => "basic", 1 => "extended", _ => "all" } };
                    }

                    break;
                case "execution_accelerators":
                    ReadAccelerators(PbConfigReader.Message(node), draft);
                    break;
                case "input_pinned_memory" or "output_pinned_memory":
                    foreach (var field in PbConfigReader.Message(node))
                    {
                        PbConfigReader.Flag(PbConfigReader.Only(field, "enable"));
                    }

                    break;
                // What only says how fast a GPU or its driver works on the same answer, and what ONNX Runtime does not ask for.
                case "priority" when node is { Kind: ConfigKind.Word, Text: "PRIORITY_DEFAULT" or "PRIORITY_MAX" or "PRIORITY_MIN" }:
                    break;
                case "cuda":
                    PbConfigReader.Message(node);
                    break;
                case "gather_kernel_buffer_threshold":
                    PbConfigReader.Number(node, 0, uint.MaxValue);
                    break;
                case "eager_batching":
                    PbConfigReader.Flag(node);
                    break;
                case "priority":
                    throw node.Wrong("PRIORITY_DEFAULT, PRIORITY_MAX or PRIORITY_MIN");
                default:
                    throw new ModelConfigException(node.Line, node.Column, $"'optimization.{node.Name}' is not supported here; expected graph or execution_accelerators");
            }
        }
    }

    private static void ReadAccelerators(IReadOnlyList<ConfigNode> fields, PbConfigDraft draft)
    {
        foreach (var accelerator in fields)
        {
            if (accelerator.Name != "gpu_execution_accelerator")
            {
                throw new ModelConfigException(accelerator.Line, accelerator.Column, $"'{accelerator.Name}' is not supported here; expected gpu_execution_accelerator");
            }

            var name = "";
            var options = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var field in PbConfigReader.Message(accelerator))
            {
                if (field.Name == "parameters")
                {
                    var (key, value) = PbConfigReader.ReadMapEntry(PbConfigReader.Message(field), PbConfigReader.Text);
                    options[key] = value;
                }
                else
                {
                    name = PbConfigReader.Text(PbConfigReader.Only(field, "name"));
                }
            }

            draft.Onnx = name switch
            {
                "tensorrt" => draft.Onnx with { TensorRt = OnnxParameters.ToTensorRt(options, accelerator) },
                "cuda" => draft.Onnx with { Cuda = options },
                _ => throw new ModelConfigException(accelerator.Line, accelerator.Column, $"there is no accelerator '{name}' here; expected \"tensorrt\" or \"cuda\""),
            };
        }
    }
}

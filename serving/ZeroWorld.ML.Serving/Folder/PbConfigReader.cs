using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads the settings of a model out of a <c>config.pbtxt</c>: the fields of Triton's model configuration that mean something here, with the meaning they have there.</summary>
/// <remarks>A field that nobody knows, and one that is known and not done here, is an error with its line: a model that was served otherwise than it asks would give other answers.</remarks>
internal static class PbConfigReader
{
    public const int RowsMax = 65536;

    // Fields of Triton's configuration that change what a model answers, and are not done here unless they say nothing.
    private static readonly Dictionary<string, string> Unsupported = new(StringComparer.Ordinal)
    {
        ["cc_model_filenames"] = "a model has one file here",
        ["model_repository_agents"] = "there are no repository agents",
        ["model_operations"] = "libraries of custom operators are not loaded",
        ["runtime"] = "the runtime is chosen by 'backend' or 'platform'",
        ["model_metrics"] = "histograms have fixed buckets",
    };

    /// <exception cref="ModelConfigException">The first field that is wrong.</exception>
    public static FolderModelConfig Read(string text) => Read(PbTextReader.Read(text));

    /// <exception cref="ModelConfigException">The first field that is wrong.</exception>
    public static FolderModelConfig Read(IEnumerable<ConfigNode> fields)
    {
        var draft = new PbConfigDraft();
        foreach (var node in fields)
        {
            Apply(draft, node);
        }

        return draft.ToConfig();
    }

    private static void Apply(PbConfigDraft draft, ConfigNode node)
    {
        switch (node.Name)
        {
            case "name":
                draft.Name = Text(node);
                break;
            case "platform" or "backend" or "runtime" when node is { Kind: ConfigKind.Text, Text: "" }:
                // What a configuration has that was written out whole, where nothing was said.
                break;
            case "platform" or "backend":
                draft.Runtime = ToRuntime(node, draft.Runtime);
                break;
            case "default_model_filename":
                draft.ModelFile = Text(node);
                break;
            case "max_batch_size":
                draft.BatchRowsMax = (int)Number(node, 0, RowsMax);
                draft.HasBatchRows = true;
                break;
            case "version_policy":
                draft.Versions = ReadVersions(Message(node));
                break;
            case "input" or "output":
                draft.Add(PbTensorReader.Read(node), node);
                break;
            case "ensemble_scheduling":
                draft.Ensemble = node;
                break;
            case "batch_input":
                draft.Add(PbBatchInputReader.Read(node), node);
                break;
            case "batch_output":
                draft.Add(PbBatchOutputReader.Read(node), node);
                break;
            case "model_warmup":
                draft.Warmups.Add(PbWarmupReader.Read(node));
                break;
            case "dynamic_batching":
                ReadBatching(draft, Message(node));
                draft.Queue = QueueConfig.Check(draft.Queue, node);
                break;
            case "sequence_batching":
                PbSequenceReader.Read(draft, node);
                break;
            case "instance_group":
                ReadInstances(draft, Message(node));
                break;
            case "parameters":
                ReadParameter(draft, Message(node));
                break;
            case "optimization":
                PbOptimizationReader.Read(Message(node), draft);
                draft.HasOptimization |= Message(node).Count > 0;
                break;
            case "metric_tags":
                ReadMapEntry(Message(node), static value => Text(value));
                break;
            case "model_transaction_policy":
                Expect(Message(node), "decoupled", "false", "models with several responses are not served");
                break;
            case "response_cache":
                foreach (var field in Message(node))
                {
                    draft.KeepsResponses = Flag(Only(field, "enable"));
                }

                break;
            default:
                throw Refuse(node);
        }
    }

    internal static ModelConfigException Refuse(ConfigNode node) => Unsupported.TryGetValue(node.Name, out var reason)
        ? new ModelConfigException(node.Line, node.Column, $"'{node.Name}' is not supported here: {reason}")
        : new ModelConfigException(node.Line, node.Column, $"there is no field '{node.Name}' in a model configuration");

    private static string ToRuntime(ConfigNode node, string? before)
    {
        var runtime = Text(node) switch
        {
            "onnxruntime_onnx" or "onnxruntime" => "onnx",
            "pytorch_libtorch" or "pytorch" => "torchscript",
            "ensemble" => EnsembleRuntime.RuntimeName,
            _ => throw node.Wrong("\"onnxruntime\" or \"pytorch\" as backend, or \"onnxruntime_onnx\", \"pytorch_libtorch\" or \"ensemble\" as platform"),
        };
        return before is null || before == runtime ? runtime : throw node.Wrong($"the same runtime in 'backend' and 'platform', which is {before} in the other");
    }

    private static FolderVersionPolicy ReadVersions(IReadOnlyList<ConfigNode> fields)
    {
        var policy = FolderVersionPolicy.Newest;
        foreach (var node in fields)
        {
            policy = node.Name switch
            {
                "latest" => new FolderVersionPolicy((int)(Message(node).Select(static field => Only(field, "num_versions")).Select(static field => (long?)Number(field, 1, 10_000)).LastOrDefault() ?? 1), null),
                "all" => Message(node).Count == 0 ? FolderVersionPolicy.All : throw Refuse(Message(node)[0]),
                "specific" => new FolderVersionPolicy(null, [.. Message(node).Select(static field => Number(Only(field, "versions"), 1, long.MaxValue))]),
                _ => throw Refuse(node),
            };
        }

        return policy;
    }

    private static void ReadBatching(PbConfigDraft draft, IReadOnlyList<ConfigNode> fields)
    {
        draft.HasDynamicBatching = true;
        foreach (var node in fields)
        {
            switch (node.Name)
            {
                case "preferred_batch_size":
                    draft.PreferredRows.Add((int)Number(node, 1, RowsMax));
                    break;
                case "max_queue_delay_microseconds":
                    draft.QueueDelay = TimeSpan.FromMicroseconds(Number(node, 0, 60_000_000));
                    break;
                case var name when QueueConfig.IsField(name):
                    draft.Queue = QueueConfig.ReadPb(draft.Queue, node);
                    break;
                default:
                    throw Refuse(node);
            }
        }
    }

    private static void ReadInstances(PbConfigDraft draft, IReadOnlyList<ConfigNode> fields)
    {
        var kind = "KIND_AUTO";
        var gpus = new List<long>();
        foreach (var node in fields)
        {
            switch (node.Name)
            {
                case "name":
                    Text(node);
                    break;
                case "count":
                    draft.Instances = (draft.Instances ?? 0) + (int)Number(node, 1, 1024);
                    break;
                case "kind":
                    kind = node is { Kind: ConfigKind.Word, Text: "KIND_AUTO" or "KIND_CPU" or "KIND_GPU" or "KIND_MODEL" } ? node.Text : throw node.Wrong("KIND_AUTO, KIND_CPU, KIND_GPU or KIND_MODEL");
                    break;
                case "gpus":
                    gpus.Add(Number(node, 0, 1023));
                    break;
                case "passive" when !Flag(node):
                    break;
                case "rate_limiter":
                    // As in a Triton without --rate-limit, which is its default: resources are not counted.
                    Message(node);
                    break;
                case "host_policy":
                    Text(node);
                    break;
                default:
                    throw new ModelConfigException(node.Line, node.Column, $"'instance_group.{node.Name}' is not supported here; expected name, count, kind, gpus, rate_limiter and host_policy");
            }
        }

        if (kind == "KIND_CPU" && gpus.Count > 0)
        {
            throw new ModelConfigException(fields[0].Line, fields[0].Column, "an instance_group of KIND_CPU names gpus; expected KIND_GPU, or no gpus");
        }

        draft.Device = (kind, gpus.Count) switch
        {
            ("KIND_CPU", _) => "cpu",
            ("KIND_GPU", 1) => string.Create(CultureInfo.InvariantCulture, $"cuda:{gpus[0]}"),
            ("KIND_GPU", _) => "cuda",
            _ => draft.Device,
        };
    }

    private static void ReadParameter(PbConfigDraft draft, IReadOnlyList<ConfigNode> fields)
    {
        var (key, value) = ReadMapEntry(fields, static value => Text(Only(Message(value).Count == 1 ? Message(value)[0] : throw value.Wrong("{ string_value: \"...\" }"), "string_value")));
        draft.Parameters[key] = value;
    }

    internal static (string Key, string Value) ReadMapEntry(IReadOnlyList<ConfigNode> fields, Func<ConfigNode, string> read)
    {
        string? key = null, value = null;
        foreach (var node in fields)
        {
            switch (node.Name)
            {
                case "key":
                    key = Text(node);
                    break;
                case "value":
                    value = read(node);
                    break;
                default:
                    throw Refuse(node);
            }
        }

        return (key ?? "", value ?? "");
    }

    internal static IReadOnlyList<ConfigNode> Message(ConfigNode node) => node.Kind == ConfigKind.Message ? node.Fields : throw node.Wrong("a message in braces");

    internal static string Text(ConfigNode node) => node.Kind == ConfigKind.Text ? node.Text : throw node.Wrong("a text in quotes");

    internal static bool Flag(ConfigNode node) => node switch
    {
        { Kind: ConfigKind.Word, Text: "true" or "True" or "t" } or { Kind: ConfigKind.Number, Text: "1" } => true,
        { Kind: ConfigKind.Word, Text: "false" or "False" or "f" } or { Kind: ConfigKind.Number, Text: "0" } => false,
        _ => throw node.Wrong("true or false"),
    };

    internal static long Number(ConfigNode node, long min, long max)
    {
        var expected = $"a whole number from {min} to {max}";
        if (node.Kind != ConfigKind.Number)
        {
            throw node.Wrong(expected);
        }

        var isNegative = node.Text.StartsWith('-');
        var digits = isNegative ? node.Text[1..] : node.Text;
        var isHex = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return long.TryParse(isHex ? digits[2..] : digits, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && (isNegative ? -value : value) is var signed && signed >= min && signed <= max
            ? signed
            : throw node.Wrong(expected);
    }

    internal static ConfigNode Only(ConfigNode node, string name) => node.Name == name ? node : throw Refuse(node);

    private static void Expect(IReadOnlyList<ConfigNode> fields, string name, string value, string reason)
    {
        foreach (var node in fields)
        {
            if (Flag(Only(node, name)) != (value == "true"))
            {
                throw new ModelConfigException(node.Line, node.Column, $"'{name}: {node.Text}' is not supported here: {reason}");
            }
        }
    }
}

using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads the settings of a model out of a <c>model.yaml</c> (docs/operations/models.md).</summary>
internal static class YamlConfigReader
{
    private const int TensorsMax = 1024;
    private const int RowsMax = 65536;

    /// <exception cref="ModelConfigException">The first setting that is wrong.</exception>
    public static FolderModelConfig Read(string text)
    {
        var config = FolderModelConfig.Default;
        var nodes = YamlConfigTree.Read(text);
        foreach (var node in nodes)
        {
            config = Apply(config, node);
        }

        var named = nodes.Where(static node => node.Name == "versions" && node.Kind == ConfigKind.Number).Select(static node => PbConfigReader.Number(node, 1, long.MaxValue)).ToList();
        return Check(named.Count == 0 ? config : config with { Versions = new FolderVersionPolicy(null, named) });
    }

    private static FolderModelConfig Apply(FolderModelConfig config, ConfigNode node) => node.Name switch
    {
        "name" => config with { Name = Text(node) },
        "runtime" => config with { Runtime = Text(node) is "onnx" or "torchscript" ? node.Text : throw node.Wrong("onnx or torchscript") },
        "file" => config with { ModelFile = Text(node) },
        "versions" => config with { Versions = ReadVersions(node) },
        _ => config with { Settings = Apply(config.Settings, node) },
    };

    private static ModelSettings Apply(ModelSettings settings, ConfigNode node) => node.Name switch
    {
        "pinned" => settings with { IsPinned = PbConfigReader.Flag(node) },
        "response_cache" => settings with { KeepsResponses = PbConfigReader.Flag(node) },
        "device" => settings with { Device = Text(node) },
        "row_axis" => settings with { RowAxis = PbConfigReader.Flag(node) ? RowAxis.Declared : RowAxis.None },
        "batch_rows_max" => settings with { BatchRowsMax = (int)PbConfigReader.Number(node, 0, RowsMax) },
        "instances" => settings with { Instances = (int)PbConfigReader.Number(node, 1, 1024) },
        "warmup_rows" => settings with { WarmupRows = [.. settings.WarmupRows, (int)PbConfigReader.Number(node, 1, RowsMax)] },
        "padding" => settings with { Padding = PaddingConfig.Read(PbConfigReader.Message(node)) },
        "batching" => ReadBatching(settings, PbConfigReader.Message(node)),
        "sequences" => settings with { Sequences = settings.Sequences is null ? YamlSequenceReader.Read(node) : throw node.Wrong("one of them") },
        "inputs" => settings with { Inputs = Add(settings.Inputs, ReadTensor(node), node) },
        "outputs" => settings with { Outputs = Add(settings.Outputs, ReadTensor(node), node) },
        "parameters" => settings with { Parameters = ToMap(node) },
        "onnx" => settings with { Onnx = ReadOnnx(PbConfigReader.Message(node)) },
        _ => throw Unknown(node, "name, runtime, file, versions, pinned, response_cache, device, row_axis, batch_rows_max, batching, sequences, padding, instances, warmup_rows, inputs, outputs, parameters, onnx"),
    };

    private static FolderModelConfig Check(FolderModelConfig config)
    {
        var settings = config.Settings;
        settings = settings with
        {
            WarmupRows = [.. settings.WarmupRows.Order().Distinct()],
            PreferredRows = [.. settings.PreferredRows.Order().Distinct()],
            RowAxis = settings.BatchRowsMax switch { 0 => RowAxis.None, > 0 when settings.RowAxis == RowAxis.FromFile => RowAxis.Declared, null when settings is { Sequences: not null, RowAxis: RowAxis.FromFile } => RowAxis.None, _ => settings.RowAxis },
            BatchRowsMax = settings.BatchRowsMax > 0 ? settings.BatchRowsMax : null,
        };
        return config with { Settings = settings };
    }

    private static FolderVersionPolicy ReadVersions(ConfigNode node) => node switch
    {
        { Kind: ConfigKind.Text, Text: "latest" } => FolderVersionPolicy.Newest,
        { Kind: ConfigKind.Text, Text: "all" } => FolderVersionPolicy.All,
        { Kind: ConfigKind.Message, Fields: [{ Name: "latest" } count] } => new FolderVersionPolicy((int)PbConfigReader.Number(count, 1, 10_000), null),

        // A list of numbers is gathered by the caller.
        { Kind: ConfigKind.Number } => FolderVersionPolicy.Newest,
        _ => throw node.Wrong("latest, all, { latest: N } or a list of version numbers"),
    };

    private static ModelSettings ReadBatching(ModelSettings settings, IReadOnlyList<ConfigNode> fields)
    {
        foreach (var node in fields)
        {
            settings = node.Name switch
            {
                "preferred_rows" => settings with { PreferredRows = [.. settings.PreferredRows, (int)PbConfigReader.Number(node, 1, RowsMax)] },
                "queue_delay" => settings with { QueueDelay = ReadDelay(node) },
                "priority_levels" or "default_priority" or "preserve_ordering" or "queue" or "level_queues" => settings with { Queue = QueueConfig.ReadYaml(settings.Queue, node) },
                _ => throw Unknown(node, "preferred_rows, queue_delay, priority_levels, default_priority, preserve_ordering, queue, level_queues"),
            };
        }

        return settings with { Queue = fields.Count == 0 ? settings.Queue : QueueConfig.Check(settings.Queue, fields[0]) };
    }

    internal static TimeSpan ReadDelay(ConfigNode node)
    {
        var (text, unit) = node.Text switch
        {
            [.. var number, 'u', 's'] => (number, 1.0),
            [.. var number, 'm', 's'] => (number, 1000.0),
            _ => ("", 0.0),
        };
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) && count * unit <= 60_000_000
            ? TimeSpan.FromMicroseconds(count * unit)
            : throw node.Wrong("a duration such as 500us or 2ms, at most 60000ms");
    }

    private static TensorSpec ReadTensor(ConfigNode tensor)
    {
        string? name = null;
        TensorDtype? dtype = null;
        var isOptional = false;
        var shape = new List<long>();
        foreach (var node in PbConfigReader.Message(tensor))
        {
            switch (node.Name)
            {
                case "name":
                    name = Text(node);
                    break;
                case "dtype":
                    dtype = TensorDtypes.TryParse(node.Text, out var parsed) ? parsed : throw node.Wrong("a datatype of the Open Inference Protocol: FP32, INT64, BYTES...");
                    break;
                case "shape":
                    shape.Add(PbConfigReader.Number(node, -1, long.MaxValue));
                    break;
                case "optional":
                    isOptional = PbConfigReader.Flag(node);
                    break;
                default:
                    throw Unknown(node, "name, dtype, shape, optional");
            }
        }

        return !string.IsNullOrEmpty(name) && dtype is { } known && shape.Count <= 32
            ? new TensorSpec(name, known, shape) { IsOptional = isOptional }
            : throw new ModelConfigException(tensor.Line, tensor.Column, $"one of the {tensor.Name} lacks its name or dtype, or has more than 32 dimensions");
    }

    private static IReadOnlyList<TensorSpec> Add(IReadOnlyList<TensorSpec> tensors, TensorSpec tensor, ConfigNode node) =>
        tensors.Count < TensorsMax && tensors.All(known => known.Name != tensor.Name)
            ? [.. tensors, tensor]
            : throw new ModelConfigException(node.Line, node.Column, $"'{tensor.Name}' is there twice among the {node.Name}, or they are more than {TensorsMax}");

    private static OnnxSettings ReadOnnx(IReadOnlyList<ConfigNode> fields)
    {
        var settings = OnnxSettings.Default;
        foreach (var node in fields)
        {
            settings = node.Name switch
            {
                "threads" => settings with { Threads = (int)PbConfigReader.Number(node, 1, 256) },
                "graph_optimization" => settings with { GraphOptimization = Text(node) is "none" or "basic" or "extended" or "all" ? node.Text : throw node.Wrong("none, basic, extended or all") },
                "memory_arena" => settings with { UsesMemoryArena = PbConfigReader.Flag(node) },
                "memory_pattern" => settings with { UsesMemoryPattern = PbConfigReader.Flag(node) },
                "session" => settings with { SessionEntries = ToMap(node) },
                "cuda" => settings with { Cuda = ToMap(node) },
                "tensorrt" => settings with { TensorRt = ToMap(node) },
                _ => throw Unknown(node, "threads, graph_optimization, memory_arena, memory_pattern, session, cuda, tensorrt"),
            };
        }

        return settings;
    }

    private static Dictionary<string, string> ToMap(ConfigNode node) => PbConfigReader.Message(node)
        .Select(static field => field.Kind == ConfigKind.Message ? throw field.Wrong("a value") : field)
        .GroupBy(static field => field.Name, StringComparer.Ordinal)
        .ToDictionary(
            static group => group.Key,
            static group => group.Count() == 1 ? group.First() is { Kind: ConfigKind.Word } word ? word.Text == "true" ? "1" : "0" : group.First().Text : throw group.Last().Wrong("one value"),
            StringComparer.Ordinal);

    private static string Text(ConfigNode node) => node.Kind == ConfigKind.Message ? throw node.Wrong("a text") : node.Text;

    private static ModelConfigException Unknown(ConfigNode node, string expected) => new(node.Line, node.Column, $"there is no setting '{node.Name}'; expected one of {expected}");
}

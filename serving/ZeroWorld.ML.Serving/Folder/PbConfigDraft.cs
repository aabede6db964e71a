using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>The settings of a <c>config.pbtxt</c> while they are gathered.</summary>
internal sealed class PbConfigDraft
{
    public string? Name { get; set; }

    public string? Runtime { get; set; }

    public string? ModelFile { get; set; }

    public bool HasBatchRows { get; set; }

    public int BatchRowsMax { get; set; }

    public bool HasDynamicBatching { get; set; }

    public FolderVersionPolicy Versions { get; set; } = FolderVersionPolicy.Newest;

    public List<TensorSpec> Inputs { get; } = [];

    public List<TensorSpec> Outputs { get; } = [];

    /// <summary>Output to file with the names of its classes.</summary>
    public Dictionary<string, string> LabelFiles { get; } = new(StringComparer.Ordinal);

    public SortedSet<int> PreferredRows { get; } = [];

    public TimeSpan? QueueDelay { get; set; }

    public QueueSettings Queue { get; set; } = QueueSettings.Default;

    public int? Instances { get; set; }

    public string? Device { get; set; }

    public Dictionary<string, string> Parameters { get; } = new(StringComparer.Ordinal);

    public OnnxSettings Onnx { get; set; } = OnnxSettings.Default;

    public static void AddTensor(List<TensorSpec> tensors, TensorSpec tensor, ConfigNode node, int max)
    {
        if (tensors.Exists(known => known.Name == tensor.Name) || tensors.Count == max)
        {
            throw new ModelConfigException(node.Line, node.Column, tensors.Count == max ? $"there are more than {max} of '{node.Name}'" : $"the {node.Name} '{tensor.Name}' is declared twice");
        }

        tensors.Add(tensor);
    }

    public FolderModelConfig ToConfig()
    {
        // Without any word about batches the model file decides; with tensors and no max_batch_size it is 0, as protobuf has it.
        var rows = BatchRowsMax > 0 ? RowAxis.Declared : HasBatchRows || Inputs.Count > 0 || Outputs.Count > 0 ? RowAxis.None : RowAxis.FromFile;
        return new FolderModelConfig(new ModelSettings
        {
            RowAxis = rows,
            BatchRowsMax = BatchRowsMax > 0 ? BatchRowsMax : null,
            PreferredRows = [.. PreferredRows],
            QueueDelay = QueueDelay,
            Queue = Queue,
            Instances = Instances,
            Device = Device,
            Inputs = [.. Inputs.Select(spec => ToFull(spec, rows))],
            Outputs = [.. Outputs.Select(spec => ToFull(spec, rows))],
            Parameters = Parameters,
            Onnx = OnnxParameters.Apply(Onnx, Parameters),
        })
        {
            Name = Name,
            Runtime = Runtime,
            ModelFile = ModelFile,
            LabelFiles = LabelFiles,
            Versions = Versions,
        };
    }

    /// <summary>With max_batch_size above 0 the batch dimension is left out of dims.</summary>
    private static TensorSpec ToFull(TensorSpec spec, RowAxis rows) => rows == RowAxis.Declared ? spec with { Shape = [-1, .. spec.Shape] } : spec;
}

using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>The settings of a <c>config.pbtxt</c> while they are gathered.</summary>
internal sealed class PbConfigDraft
{
    private const int TensorsMax = 1024;

    public string? Name { get; set; }

    public string? Runtime { get; set; }

    public string? ModelFile { get; set; }

    public bool HasBatchRows { get; set; }

    public int BatchRowsMax { get; set; }

    public bool HasDynamicBatching { get; set; }

    public bool HasOptimization { get; set; }

    public FolderVersionPolicy Versions { get; set; } = FolderVersionPolicy.Newest;

    public List<PbTensor> Inputs { get; } = [];

    public List<PbTensor> Outputs { get; } = [];

    /// <summary>Inputs that are made here, and where they are written.</summary>
    public List<(BatchInput Input, ConfigNode Place)> BatchInputs { get; } = [];

    /// <summary>Outputs that go to requests by the shape of an input, with that input, and where they are written.</summary>
    public List<((string Target, string Source) Output, ConfigNode Place)> BatchOutputs { get; } = [];

    /// <summary>What requests are to one another, and where that is written; shapes without the row axis.</summary>
    public (SequenceSettings Settings, ConfigNode Place)? Sequences { get; set; }

    /// <summary>The steps of an ensemble, as they are written.</summary>
    public ConfigNode? Ensemble { get; set; }

    /// <summary>Requests to make before the first one, and where they are written.</summary>
    public List<(WarmupSample Sample, ConfigNode Place)> Warmups { get; } = [];

    public SortedSet<int> PreferredRows { get; } = [];

    public TimeSpan? QueueDelay { get; set; }

    public QueueSettings Queue { get; set; } = QueueSettings.Default;

    public int? Instances { get; set; }

    public string? Device { get; set; }

    public bool KeepsResponses { get; set; }

    public Dictionary<string, string> Parameters { get; } = new(StringComparer.Ordinal);

    public OnnxSettings Onnx { get; set; } = OnnxSettings.Default;

    public void Add(PbTensor tensor, ConfigNode node)
    {
        var tensors = node.Name == "input" ? Inputs : Outputs;
        if (tensors.Exists(known => known.Spec.Name == tensor.Spec.Name) || tensors.Count == TensorsMax)
        {
            throw new ModelConfigException(node.Line, node.Column, tensors.Count == TensorsMax ? $"there are more than {TensorsMax} of '{node.Name}'" : $"the {node.Name} '{tensor.Spec.Name}' is declared twice");
        }

        tensors.Add(tensor);
    }

    public void Add(BatchInput input, ConfigNode node)
    {
        if (BatchInputs.Count == TensorsMax)
        {
            throw new ModelConfigException(node.Line, node.Column, $"there are more than {TensorsMax} of '{node.Name}'");
        }

        BatchInputs.Add((input, node));
    }

    public void Add((string Target, string Source) output, ConfigNode node)
    {
        if (BatchOutputs.Count == TensorsMax || BatchOutputs.Exists(known => known.Output.Target == output.Target))
        {
            throw new ModelConfigException(
                node.Line, node.Column, BatchOutputs.Count == TensorsMax ? $"there are more than {TensorsMax} of '{node.Name}'" : $"the batch_output '{output.Target}' is declared twice");
        }

        BatchOutputs.Add((output, node));
    }

    public FolderModelConfig ToConfig()
    {
        // Without any word about batches the model file decides; with tensors and no max_batch_size it is 0, as protobuf has it.
        var rows = BatchRowsMax > 0 ? RowAxis.Declared : HasBatchRows || Inputs.Count > 0 || Outputs.Count > 0 || Sequences is not null ? RowAxis.None : RowAxis.FromFile;
        return new FolderModelConfig(new ModelSettings
        {
            Steps = ReadSteps(),
            Sequences = ReadSequences(rows),
            RowAxis = rows,
            BatchRowsMax = BatchRowsMax > 0 ? BatchRowsMax : null,
            PreferredRows = [.. Sequences is { Settings.SlotUtilizationMin: > 0 and var share } ? [Math.Max(1, (int)Math.Ceiling(share * BatchRowsMax))] : PreferredRows],
            QueueDelay = QueueDelay,
            Queue = Queue,
            Instances = Instances,
            Device = Device,
            KeepsResponses = KeepsResponses,
            Inputs = [.. ToModel(Inputs, rows), .. BatchInputs.Select(made => ToSpec(made.Input, made.Place, rows))],
            Outputs = ToModel(Outputs, rows),
            InputReshapes = ToReshapes(Inputs, rows),
            OutputReshapes = ToReshapes(Outputs, rows),
            RaggedInputs = Inputs.Where(input => input.IsRagged && rows == RowAxis.Declared).ToDictionary(static input => input.Spec.Name, input => ToFull(input.Spec.Shape, rows), StringComparer.Ordinal),
            BatchInputs = [.. BatchInputs.Select(static made => made.Input)],
            BatchOutputs = [.. BatchOutputs.Select(scattered => ToOutput(scattered.Output.Target, scattered.Output.Source, scattered.Place, rows))],
            InputFormats = Inputs.Where(static input => input.Format != "").ToDictionary(static input => input.Spec.Name, static input => input.Format, StringComparer.Ordinal),
            WarmupSamples = [.. Warmups.Select(warmup => Check(warmup.Sample, warmup.Place, rows))],
            Parameters = Parameters,
            Onnx = OnnxParameters.Apply(Onnx, Parameters),
        })
        {
            Name = Name,
            Runtime = Runtime,
            ModelFile = ModelFile,
            LabelFiles = Outputs.Where(static output => output.LabelFile != "").ToDictionary(static output => output.Spec.Name, static output => output.LabelFile, StringComparer.Ordinal),
            Versions = Versions,
        };
    }

    private EnsembleStep[] ReadSteps()
    {
        if (Ensemble is null)
        {
            return Runtime != EnsembleRuntime.RuntimeName ? [] : throw new ModelConfigException(1, 1, "the platform is \"ensemble\" and there is no 'ensemble_scheduling'");
        }

        var wrong = Runtime != EnsembleRuntime.RuntimeName ? "a platform that is not \"ensemble\""
            : HasDynamicBatching || Sequences is not null ? $"'{(HasDynamicBatching ? "dynamic_batching" : "sequence_batching")}', which belongs to the models of the steps"
            : Warmups.Count > 0 ? "'model_warmup', which belongs to the models of the steps"
            : Instances is not null || Device is not null ? "'instance_group', which belongs to the models of the steps"
            : HasOptimization ? "'optimization', which belongs to the models of the steps"
            : Inputs.Count == 0 || Outputs.Count == 0 ? "no input or no output"
            : Inputs.Concat(Outputs).Any(static tensor => tensor.ModelDims is not null || tensor.IsRagged) || BatchInputs.Count + BatchOutputs.Count > 0 ? "a reshape or ragged input, which belongs to the models of the steps"
            : null;
        return wrong is null
            ? PbEnsembleReader.Order(PbEnsembleReader.Read(Ensemble), [.. Inputs.Select(static input => input.Spec.Name)], Outputs, Name)
            : throw new ModelConfigException(Ensemble.Line, Ensemble.Column, $"'ensemble_scheduling' stands beside {wrong}");
    }

    private SequenceSettings? ReadSequences(RowAxis rows)
    {
        if (Sequences is not { } sequences)
        {
            return null;
        }

        string[] made = [.. sequences.Settings.Controls.Select(static control => control.Input), .. sequences.Settings.States.Select(static state => state.Input)];
        var wrong = HasDynamicBatching ? "stands beside 'dynamic_batching'; expected one of them"
            : Inputs.Exists(static input => input.IsRagged) ? "stands beside an input with allow_ragged_batch, whose requests have no rows of their own"
            : Inputs.Find(input => made.Contains(input.Spec.Name, StringComparer.Ordinal)) is { } input ? $"makes the input '{input.Spec.Name}', which is declared as one that requests have"
            : null;
        return wrong is null
            ? sequences.Settings with
            {
                States =
                [
                    .. sequences.Settings.States.Select(state => state with
                    {
                        Shape = ToFull(state.Shape, rows),
                        InitialShape = rows == RowAxis.Declared ? [1, .. state.InitialShape] : state.InitialShape,
                        IsAnswered = Outputs.Exists(output => output.Spec.Name == state.Output),
                    }),
                ],
            }
            : throw new ModelConfigException(sequences.Place.Line, sequences.Place.Column, $"'sequence_batching' {wrong}");
    }

    private WarmupSample Check(WarmupSample sample, ConfigNode place, RowAxis rows)
    {
        var most = rows == RowAxis.Declared ? BatchRowsMax : rows == RowAxis.None ? 1 : int.MaxValue;
        return sample.Rows <= most
            ? sample
            : throw new ModelConfigException(place.Line, place.Column, $"'batch_size' of the model_warmup '{sample.Name}' is {sample.Rows}; expected at most {most}{(rows == RowAxis.None ? ", as the model takes no batches" : ", the max_batch_size")}");
    }

    private TensorSpec ToSpec(BatchInput made, ConfigNode place, RowAxis rows)
    {
        if (Inputs.Exists(input => input.Spec.Name == made.Name) || BatchInputs.Count(other => other.Input.Name == made.Name) > 1)
        {
            throw new ModelConfigException(place.Line, place.Column, $"the batch_input '{made.Name}' is declared twice");
        }

        if (rows != RowAxis.Declared || Inputs.Find(input => input.Spec.Name == made.Source) is not { IsRagged: true } source)
        {
            throw new ModelConfigException(place.Line, place.Column, $"the batch_input '{made.Name}' has the source_input '{made.Source}'; expected an input with allow_ragged_batch of a model with max_batch_size above 0");
        }

        return new TensorSpec(made.Name, made.Dtype, made.Kind == BatchInputKind.ItemShape ? [-1, source.Spec.Shape.Count] : [-1]);
    }

    private BatchOutput ToOutput(string target, string source, ConfigNode place, RowAxis rows)
    {
        if (Outputs.Find(output => output.Spec.Name == target) is not { ModelDims: null } output)
        {
            throw new ModelConfigException(place.Line, place.Column, $"the batch_output '{target}' is no output that is declared, without reshape");
        }

        if (rows != RowAxis.Declared || Inputs.Find(input => input.Spec.Name == source) is not { IsRagged: true } input)
        {
            throw new ModelConfigException(place.Line, place.Column, $"the batch_output '{target}' has the source_input '{source}'; expected an input with allow_ragged_batch of a model with max_batch_size above 0");
        }

        // A dimension that is open in the output is taken from the same place of the input.
        return output.Spec.Shape.Select(static (size, axis) => size == -1 ? axis : -1).All(axis => axis < input.Spec.Shape.Count)
            ? new BatchOutput(target, source, ToFull(output.Spec.Shape, rows))
            : throw new ModelConfigException(place.Line, place.Column, $"the batch_output '{target}' has the dims {TensorShape.ToText(output.Spec.Shape)}, whose open ones the source_input '{source}' with {TensorShape.ToText(input.Spec.Shape)} does not have");
    }

    private TensorSpec[] ToModel(List<PbTensor> tensors, RowAxis rows) => [.. tensors.Select(tensor => tensor.Spec with
    {
        Shape = (tensor.IsRagged && rows == RowAxis.Declared) || (tensors == Outputs && BatchOutputs.Exists(scattered => scattered.Output.Target == tensor.Spec.Name))
            ? [-1]
            : ToFull(tensor.ModelDims ?? tensor.Spec.Shape, rows),
    })];

    private static Dictionary<string, TensorReshape> ToReshapes(List<PbTensor> tensors, RowAxis rows) => tensors.Where(static tensor => tensor.ModelDims is not null).ToDictionary(
        static tensor => tensor.Spec.Name, tensor => new TensorReshape(ToFull(tensor.Spec.Shape, rows), ToFull(tensor.ModelDims!, rows)), StringComparer.Ordinal);

    /// <summary>With max_batch_size above 0 the batch dimension is left out of dims.</summary>
    private static IReadOnlyList<long> ToFull(IReadOnlyList<long> dims, RowAxis rows) => rows == RowAxis.Declared ? [-1, .. dims] : dims;
}

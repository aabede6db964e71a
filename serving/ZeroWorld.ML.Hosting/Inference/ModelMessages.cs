using System.Globalization;
using Inference;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>What is served, in the messages of the inference protocol. Pure.</summary>
internal static class ModelMessages
{
    /// <summary>The name by which requests call a model: the project is left out where it is the default one.</summary>
    public static string NameOf(ModelName model) => model.Project == ModelName.DefaultProject ? model.Name : model.ToString();

    public static string ToText(long version) => version.ToString(CultureInfo.InvariantCulture);

    public static ModelConfig ToConfig(ServedModelConfiguration model)
    {
        var hasRows = model.RowsMax > 0;
        var config = new ModelConfig
        {
            Name = NameOf(model.Model),
            Platform = model.Platform,
            Backend = model.Runtime == "onnx" ? "onnxruntime" : model.Runtime == "torchscript" ? "pytorch" : model.Settings.Steps.Count > 0 ? "" : model.Runtime,
            DefaultModelFilename = model.ModelFile,
            MaxBatchSize = model.RowsMax,
            VersionPolicy = new ModelVersionPolicy { Specific = new ModelVersionPolicy.Types.Specific { Versions = { model.LoadedVersions } } },
            ModelTransactionPolicy = new ModelTransactionPolicy { Decoupled = false },
            ResponseCache = new ModelResponseCache { Enable = model.Settings.KeepsResponses },
            InstanceGroup = { ToInstanceGroup(model) },
        };
        config.Input.AddRange(model.Signature.Inputs.Select(spec => new ModelInput
        {
            Name = spec.Name,
            DataType = ToDataType(spec.Dtype),
            Dims = { Dims(spec.Shape, hasRows) },
            Optional = spec.IsOptional,
            AllowRaggedBatch = spec.IsRagged,
            Format = model.Settings.InputFormats.GetValueOrDefault(spec.Name) switch { "NCHW" => ModelInput.Types.Format.Nchw, "NHWC" => ModelInput.Types.Format.Nhwc, _ => ModelInput.Types.Format.None },
            Reshape = ToReshape(model.Settings.InputReshapes, spec.Name, hasRows),
        }));
        config.Output.AddRange(model.Signature.Outputs.Select(spec => new ModelOutput
        {
            Name = spec.Name, DataType = ToDataType(spec.Dtype), Dims = { Dims(spec.Shape, hasRows) }, Reshape = ToReshape(model.Settings.OutputReshapes, spec.Name, hasRows),
        }));
        config.BatchInput.AddRange(model.Settings.BatchInputs.Select(static made => new Inference.BatchInput
        {
            Kind = (Inference.BatchInput.Types.Kind)made.Kind, TargetName = { made.Name }, DataType = ToDataType(made.Dtype), SourceInput = { made.Source },
        }));
        config.BatchOutput.AddRange(model.Settings.BatchOutputs.Select(static scattered => new Inference.BatchOutput { TargetName = { scattered.Name }, SourceInput = { scattered.Source } }));
        foreach (var (name, text) in model.Settings.Parameters)
        {
            config.Parameters[name] = new ModelParameter { StringValue = text };
        }

        if (model.Settings.Steps.Count > 0)
        {
            config.InstanceGroup.Clear();
            config.EnsembleScheduling = ToSteps(model.Settings.Steps);
        }
        else if (model.Settings.Sequences is { } sequences)
        {
            config.SequenceBatching = ToSequences(sequences, model.Settings, hasRows);
        }
        else if (hasRows)
        {
            config.DynamicBatching = ToBatching(model);
        }

        return config;
    }

    private static ModelEnsembling ToSteps(IReadOnlyList<EnsembleStep> steps)
    {
        var ensembling = new ModelEnsembling();
        foreach (var step in steps)
        {
            var message = new ModelEnsembling.Types.Step { ModelName = step.Model.Name, ModelVersion = step.Version ?? -1 };
            message.InputMap.Add(step.Inputs.ToDictionary());
            message.OutputMap.Add(step.Outputs.ToDictionary());
            ensembling.Step.Add(message);
        }

        return ensembling;
    }

    private static ModelSequenceBatching ToSequences(SequenceSettings sequences, ModelSettings settings, bool hasRows)
    {
        var batching = new ModelSequenceBatching
        {
            MaxSequenceIdleMicroseconds = (ulong)sequences.IdleMax.TotalMicroseconds,
            ControlInput = { sequences.Controls.Select(static control => new ModelSequenceBatching.Types.ControlInput { Name = control.Input, Control = { ToControl(control) } }) },
            State = { sequences.States.Select(state => ToState(state, hasRows)) },
        };
        var delay = (ulong)(settings.QueueDelay?.TotalMicroseconds ?? 0);
        if (sequences.CandidatesMax is { } candidates)
        {
            batching.Oldest = new ModelSequenceBatching.Types.StrategyOldest
            {
                MaxCandidateSequences = candidates, PreferredBatchSize = { settings.PreferredRows }, MaxQueueDelayMicroseconds = delay, PreserveOrdering = settings.Queue.PreservesOrder,
            };
        }
        else
        {
            batching.Direct = new ModelSequenceBatching.Types.StrategyDirect { MaxQueueDelayMicroseconds = delay, MinimumSlotUtilization = (float)sequences.SlotUtilizationMin };
        }

        return batching;
    }

    private static ModelSequenceBatching.Types.Control ToControl(SequenceControl control)
    {
        var message = new ModelSequenceBatching.Types.Control { Kind = (ModelSequenceBatching.Types.Control.Types.Kind)control.Kind };
        switch (control)
        {
            case { Kind: SequenceControlKind.CorrelationId }:
                message.DataType = ToDataType(control.Dtype);
                break;
            case { Dtype: TensorDtype.Int32 }:
                message.Int32FalseTrue.Add([(int)control.FalseValue, (int)control.TrueValue]);
                break;
            case { Dtype: TensorDtype.Float32 }:
                message.Fp32FalseTrue.Add([(float)control.FalseValue, (float)control.TrueValue]);
                break;
            default:
                message.BoolFalseTrue.Add([control.FalseValue == 1, control.TrueValue == 1]);
                break;
        }

        return message;
    }

    private static ModelSequenceBatching.Types.State ToState(SequenceState state, bool hasRows)
    {
        var initial = new ModelSequenceBatching.Types.InitialState { DataType = ToDataType(state.Dtype), Dims = { Dims(state.InitialShape, hasRows) } };
        if (state.InitialFile is { } path)
        {
            initial.DataFile = Path.GetFileName(path);
        }
        else
        {
            initial.ZeroData = true;
        }

        return new ModelSequenceBatching.Types.State
        {
            InputName = state.Input, OutputName = state.Output, DataType = ToDataType(state.Dtype), Dims = { Dims(state.Shape, hasRows) }, InitialState = { initial },
        };
    }

    private static ModelDynamicBatching ToBatching(ServedModelConfiguration model)
    {
        var queue = model.Settings.Queue;
        var batching = new ModelDynamicBatching
        {
            PreferredBatchSize = { model.Settings.PreferredRows },
            MaxQueueDelayMicroseconds = (ulong)(model.Settings.QueueDelay?.TotalMicroseconds ?? 0),
            PreserveOrdering = queue.PreservesOrder,
            PriorityLevels = (ulong)queue.PriorityLevels,
            DefaultPriorityLevel = (ulong)queue.PriorityDefault,
            DefaultQueuePolicy = ToPolicy(queue.Common, model.QueueRowsMax),
        };
        foreach (var (level, policy) in queue.ByLevel)
        {
            batching.PriorityQueuePolicy[(ulong)level] = ToPolicy(policy, model.QueueRowsMax);
        }

        return batching;
    }

    private static ModelQueuePolicy ToPolicy(QueuePolicy policy, int queueRowsMax) => new()
    {
        AllowTimeoutOverride = true,
        MaxQueueSize = (uint)(policy.RequestsMax > 0 ? policy.RequestsMax : queueRowsMax),
        DefaultTimeoutMicroseconds = (ulong)policy.Timeout.TotalMicroseconds,
        TimeoutAction = policy.OnTimeout == QueueTimeoutAction.Delay ? ModelQueuePolicy.Types.TimeoutAction.Delay : ModelQueuePolicy.Types.TimeoutAction.Reject,
    };

    public static ModelStatistics ToStatistics(ServedVersionStatistics version)
    {
        var statistics = version.Statistics;
        var message = new ModelStatistics
        {
            Name = NameOf(version.Model),
            Version = ToText(version.Version),
            LastInference = (ulong)(statistics.LastInferenceTime?.ToUnixTimeMilliseconds() ?? 0),
            InferenceCount = (ulong)statistics.Rows,
            ExecutionCount = (ulong)statistics.Runs,
            InferenceStats = new InferStatistics
            {
                Success = ToDuration(statistics.Success),
                Fail = ToDuration(statistics.Failure),
                Queue = ToDuration(statistics.Queue),
                ComputeInput = ToDuration(statistics.Input),
                ComputeInfer = ToDuration(statistics.Infer),
                ComputeOutput = ToDuration(statistics.Output),
                CacheHit = ToDuration(statistics.CacheHit),
                CacheMiss = ToDuration(statistics.CacheMiss),
            },
        };
        message.BatchStats.AddRange(statistics.Sizes.Select(static size => new InferBatchStatistics
        {
            BatchSize = (ulong)size.Rows,
            ComputeInput = ToDuration(new DurationSum(size.Runs, size.InputNanoseconds)),
            ComputeInfer = ToDuration(new DurationSum(size.Runs, size.InferNanoseconds)),
            ComputeOutput = ToDuration(new DurationSum(size.Runs, size.OutputNanoseconds)),
        }));
        var gpu = GpuOf(version.Device);
        message.MemoryUsage.Add(new MemoryUsage { Type = gpu is null ? "CPU" : "GPU", Id = gpu ?? 0, ByteSize = (ulong)version.MemoryBytes });
        return message;
    }

    private static StatisticDuration ToDuration(DurationSum sum) => new() { Count = (ulong)sum.Count, Ns = (ulong)sum.Nanoseconds };

    private static ModelInstanceGroup ToInstanceGroup(ServedModelConfiguration model)
    {
        var gpu = GpuOf(model.Device);
        var group = new ModelInstanceGroup
        {
            Name = $"{model.Model.Name}_0", Count = 1, Kind = gpu is null ? ModelInstanceGroup.Types.Kind.Cpu : ModelInstanceGroup.Types.Kind.Gpu,
        };
        if (gpu is { } index)
        {
            group.Gpus.Add(index);
        }

        return group;
    }

    /// <returns>Number of the GPU in <c>cuda:N</c>; <see langword="null"/> for any other device.</returns>
    private static int? GpuOf(string device) =>
        device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device.AsSpan("cuda:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? index
            : null;

    private static ModelTensorReshape? ToReshape(IReadOnlyDictionary<string, TensorReshape> reshapes, string name, bool hasRows) =>
        reshapes.TryGetValue(name, out var reshape) ? new ModelTensorReshape { Shape = { Dims(reshape.Model, hasRows) } } : null;

    private static IEnumerable<long> Dims(IReadOnlyList<long> shape, bool hasRows) => hasRows ? shape.Skip(1) : shape;

    private static DataType ToDataType(TensorDtype dtype) => dtype switch
    {
        TensorDtype.Bool => DataType.TypeBool,
        TensorDtype.UInt8 => DataType.TypeUint8,
        TensorDtype.UInt16 => DataType.TypeUint16,
        TensorDtype.UInt32 => DataType.TypeUint32,
        TensorDtype.UInt64 => DataType.TypeUint64,
        TensorDtype.Int8 => DataType.TypeInt8,
        TensorDtype.Int16 => DataType.TypeInt16,
        TensorDtype.Int32 => DataType.TypeInt32,
        TensorDtype.Int64 => DataType.TypeInt64,
        TensorDtype.Float16 => DataType.TypeFp16,
        TensorDtype.BFloat16 => DataType.TypeBf16,
        TensorDtype.Float32 => DataType.TypeFp32,
        TensorDtype.Float64 => DataType.TypeFp64,
        TensorDtype.Bytes => DataType.TypeString,
        _ => DataType.TypeInvalid,
    };
}

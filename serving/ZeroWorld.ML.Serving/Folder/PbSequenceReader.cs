using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads <c>sequence_batching</c> of a <c>config.pbtxt</c>.</summary>
internal static class PbSequenceReader
{
    /// <summary>Most sequences of one instance that may be under way.</summary>
    public const int CandidatesMax = 65536;

    /// <summary>Most controls, states, and dimensions of one.</summary>
    public const int ListMax = 256;
    private const long MicrosecondsMax = 86_400_000_000;

    private static readonly Dictionary<string, SequenceControlKind> Kinds = new(StringComparer.Ordinal)
    {
        ["CONTROL_SEQUENCE_START"] = SequenceControlKind.Start,
        ["CONTROL_SEQUENCE_READY"] = SequenceControlKind.Ready,
        ["CONTROL_SEQUENCE_END"] = SequenceControlKind.End,
        ["CONTROL_SEQUENCE_CORRID"] = SequenceControlKind.CorrelationId,
    };

    /// <summary>Reads it into the draft: sequences, and what their batches wait for.</summary>
    /// <exception cref="ModelConfigException">The first field that is wrong.</exception>
    public static void Read(PbConfigDraft draft, ConfigNode batching)
    {
        var settings = new SequenceSettings();
        var controls = new List<SequenceControl>();
        var states = new List<SequenceState>();
        ConfigNode? strategy = null;
        foreach (var node in PbConfigReader.Message(batching))
        {
            switch (node.Name)
            {
                case "max_sequence_idle_microseconds":
                    // 0 is what protobuf has where nothing is said.
                    var idle = PbConfigReader.Number(node, 0, MicrosecondsMax);
                    settings = idle == 0 ? settings : settings with { IdleMax = TimeSpan.FromMicroseconds(idle) };
                    break;
                case "control_input":
                    Add(controls, ReadControl(node), node);
                    break;
                case "state":
                    Add(states, ReadState(node), node);
                    break;
                case "direct" or "oldest" when strategy is null:
                    strategy = node;
                    break;
                case "direct" or "oldest":
                    throw new ModelConfigException(node.Line, node.Column, $"'{node.Name}' stands beside '{strategy.Name}'; expected one of them");
                case "iterative_sequence" or "generative_sequence" when !PbConfigReader.Flag(node):
                    break;
                case "iterative_sequence" or "generative_sequence":
                    throw new ModelConfigException(node.Line, node.Column, $"'{node.Name}' is not supported here: no model here asks to be run again");
                default:
                    throw PbConfigReader.Refuse(node);
            }
        }

        settings = settings with { Controls = controls, States = states };
        Check(settings, batching);
        draft.Sequences = (settings, batching);
        if (strategy is not null)
        {
            ReadStrategy(draft, strategy);
        }
    }

    /// <summary>Whether each control and tensor is there once, in either format.</summary>
    /// <param name="place">Where an error is shown.</param>
    public static void Check(SequenceSettings settings, ConfigNode place)
    {
        if (Math.Max(settings.Controls.Count, settings.States.Count) > ListMax)
        {
            throw new ModelConfigException(place.Line, place.Column, $"there are {settings.Controls.Count} controls and {settings.States.Count} states; expected at most {ListMax}");
        }

        if (settings.Controls.Select(static control => control.Kind).GroupBy(static kind => kind).FirstOrDefault(static group => group.Count() > 1) is { } twice)
        {
            throw new ModelConfigException(place.Line, place.Column, $"there are {twice.Count()} controls of the kind {Kinds.First(kind => kind.Value == twice.Key).Key}; expected one");
        }

        string[] names = [.. settings.Controls.Select(static control => control.Input), .. settings.States.Select(static state => state.Input)];
        string[] outputs = [.. settings.States.Select(static state => state.Output)];
        if (names.Distinct(StringComparer.Ordinal).Count() < names.Length || outputs.Distinct(StringComparer.Ordinal).Count() < outputs.Length)
        {
            throw new ModelConfigException(place.Line, place.Column, $"two of its controls and states have one tensor: {string.Join(", ", names.Concat(outputs).Select(static name => $"'{name}'"))}");
        }
    }

    private static void ReadStrategy(PbConfigDraft draft, ConfigNode strategy)
    {
        var (settings, place) = draft.Sequences!.Value;
        var isOldest = strategy.Name == "oldest";
        foreach (var node in PbConfigReader.Message(strategy))
        {
            switch (node.Name)
            {
                case "max_queue_delay_microseconds":
                    draft.QueueDelay = TimeSpan.FromMicroseconds(PbConfigReader.Number(node, 0, 10_000_000));
                    break;
                case "minimum_slot_utilization" when !isOldest:
                    settings = settings with { SlotUtilizationMin = Broken(node) is >= 0 and <= 1 and var share ? share : throw node.Wrong("0 to 1") };
                    break;
                case "max_candidate_sequences" when isOldest:
                    settings = settings with { CandidatesMax = (int)PbConfigReader.Number(node, 1, CandidatesMax) };
                    break;
                case "preferred_batch_size" when isOldest:
                    draft.PreferredRows.Add((int)PbConfigReader.Number(node, 1, PbConfigReader.RowsMax));
                    break;
                case "preserve_ordering" when isOldest:
                    draft.Queue = QueueConfig.ReadPb(draft.Queue, node);
                    break;
                default:
                    throw PbConfigReader.Refuse(node);
            }
        }

        draft.Sequences = isOldest && settings.CandidatesMax is null
            ? throw new ModelConfigException(strategy.Line, strategy.Column, $"'oldest' has no max_candidate_sequences; expected 1 to {CandidatesMax}")
            : (settings, place);
    }

    private static SequenceControl ReadControl(ConfigNode input)
    {
        var name = "";
        var controls = new List<SequenceControl>();
        foreach (var node in PbConfigReader.Message(input))
        {
            switch (node.Name)
            {
                case "name":
                    name = PbConfigReader.Text(node);
                    break;
                case "control":
                    controls.Add(ReadValues(node));
                    break;
                default:
                    throw PbConfigReader.Refuse(node);
            }
        }

        // An input holds one element per row, so it can say one thing.
        return name != "" && controls.Count == 1
            ? controls[0] with { Input = name }
            : throw new ModelConfigException(input.Line, input.Column, $"this control_input has {(name == "" ? "no" : "a")} name and {controls.Count} of 'control'; expected one of each");
    }

    private static SequenceControl ReadValues(ConfigNode control)
    {
        SequenceControlKind? kind = null;
        TensorDtype? said = null;
        var values = new List<(TensorDtype Dtype, double Value)>();
        foreach (var node in PbConfigReader.Message(control))
        {
            switch (node.Name)
            {
                case "kind":
                    kind = node.Kind == ConfigKind.Word && Kinds.TryGetValue(node.Text, out var found) ? found : throw node.Wrong(string.Join(", ", Kinds.Keys));
                    break;
                case "int32_false_true":
                    values.Add((TensorDtype.Int32, PbConfigReader.Number(node, int.MinValue, int.MaxValue)));
                    break;
                case "fp32_false_true":
                    values.Add((TensorDtype.Float32, (float)Broken(node)));
                    break;
                case "bool_false_true":
                    values.Add((TensorDtype.Bool, PbConfigReader.Flag(node) ? 1 : 0));
                    break;
                case "data_type" when node is not { Kind: ConfigKind.Word, Text: "TYPE_INVALID" }:
                    said = PbTensorReader.ToDtype(node);
                    break;
                case "data_type":
                    // What a configuration has that was written out whole, where nothing was said.
                    break;
                default:
                    throw PbConfigReader.Refuse(node);
            }
        }

        // In protobuf the first kind is the one where nothing is said.
        var read = kind ?? SequenceControlKind.Start;
        if (read == SequenceControlKind.CorrelationId)
        {
            return values.Count == 0 && said is TensorDtype.Int32 or TensorDtype.UInt32 or TensorDtype.Int64 or TensorDtype.UInt64 or TensorDtype.Bytes
                ? new SequenceControl("", read, said.Value)
                : throw new ModelConfigException(control.Line, control.Column, "a CONTROL_SEQUENCE_CORRID has a data_type of TYPE_INT32, TYPE_UINT32, TYPE_INT64, TYPE_UINT64 or TYPE_STRING, and no false and true");
        }

        return values.Count == 2 && values[0].Dtype == values[1].Dtype && (said is null || said == values[0].Dtype)
            ? new SequenceControl("", read, values[0].Dtype, values[0].Value, values[1].Value)
            : throw new ModelConfigException(
                control.Line, control.Column, $"a {Kinds.First(entry => entry.Value == read).Key} has two values, false and true, in one of int32_false_true, fp32_false_true and bool_false_true; there are {values.Count}");
    }

    private static SequenceState ReadState(ConfigNode state)
    {
        var (input, output) = ("", "");
        TensorDtype? dtype = null;
        var dims = new List<long>();
        ConfigNode? initial = null;
        foreach (var node in PbConfigReader.Message(state))
        {
            switch (node.Name)
            {
                case "input_name":
                    input = PbConfigReader.Text(node);
                    break;
                case "output_name":
                    output = PbConfigReader.Text(node);
                    break;
                case "data_type":
                    dtype = PbTensorReader.ToDtype(node);
                    break;
                case "dims" when dims.Count < ListMax:
                    dims.Add(PbConfigReader.Number(node, -1, int.MaxValue));
                    break;
                case "initial_state" when initial is null:
                    initial = node;
                    break;
                case "use_same_buffer_for_input_output" or "use_growable_memory":
                    // Where a state lies is up to the server; what a model gets is the same.
                    PbConfigReader.Flag(node);
                    break;
                default:
                    throw node.Name is "dims" or "initial_state"
                        ? new ModelConfigException(node.Line, node.Column, $"this state has {(node.Name == "dims" ? $"more than {ListMax} dims" : "two of 'initial_state'; expected one")}")
                        : PbConfigReader.Refuse(node);
            }
        }

        if (input == "" || output == "" || dtype is null)
        {
            throw new ModelConfigException(state.Line, state.Column, $"a state lacks {(input == "" ? "an input_name" : output == "" ? "an output_name" : "a data_type")}");
        }

        var read = new SequenceState(input, output, dtype.Value, dims);
        return initial is null ? read : ReadInitial(read, initial);
    }

    private static SequenceState ReadInitial(SequenceState state, ConfigNode initial)
    {
        TensorDtype? dtype = null;
        var dims = new List<long>();
        var isThere = false;
        string? file = null;
        foreach (var node in PbConfigReader.Message(initial))
        {
            switch (node.Name)
            {
                case "name":
                    PbConfigReader.Text(node);
                    break;
                case "data_type":
                    dtype = PbTensorReader.ToDtype(node);
                    break;
                case "dims" when dims.Count < ListMax:
                    dims.Add(PbConfigReader.Number(node, 0, int.MaxValue));
                    break;
                case "zero_data":
                    // Triton looks at which of the two is there and not at its value.
                    PbConfigReader.Flag(node);
                    (isThere, file) = (true, null);
                    break;
                case "data_file":
                    (isThere, file) = (true, PbConfigReader.Text(node));
                    break;
                default:
                    throw PbConfigReader.Refuse(node);
            }
        }

        var fits = dims.Count == state.Shape.Count && state.Shape.Zip(dims).All(static pair => pair.First is -1 || pair.First == pair.Second);
        return !isThere ? throw new ModelConfigException(initial.Line, initial.Column, $"the initial_state of '{state.Input}' lacks zero_data or a data_file")
            : dtype != state.Dtype || !fits ? throw new ModelConfigException(
                initial.Line, initial.Column, $"the initial_state of '{state.Input}' is {dtype?.ToName() ?? "of no data_type"} {TensorShape.ToText(dims)}; expected {state.Dtype.ToName()} {TensorShape.ToText(state.Shape)}")
            : state with { InitialShape = dims, InitialFile = file };
    }

    private static void Add<T>(List<T> list, T item, ConfigNode node)
    {
        list.Add(list.Count < ListMax ? item : throw new ModelConfigException(node.Line, node.Column, $"there are more than {ListMax} of '{node.Name}'"));
    }

    private static double Broken(ConfigNode node) => node.Kind == ConfigKind.Number && double.TryParse(node.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
        ? value
        : throw node.Wrong("a number");
}

using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>What a model with sequences takes and gives beside what callers see: inputs that say what a request is to its sequence, and what is kept from one request to the next.</summary>
/// <remarks>Immutable and thread safe.</remarks>
internal sealed class SequenceTensors
{
    private readonly string _model;

    // Per input of the model: its place in a request, or what makes it.
    private readonly (int Place, SequenceControl? Control, int State)[] _inputs;

    // Per input of the model that is a control of two values: both.
    private readonly (TensorBuffer False, TensorBuffer True)[] _values;

    // Per input of the model that takes the sequence's id: its shape.
    private readonly long[][] _shapes;
    private readonly int[] _stateOutputs;
    private readonly int[] _answered;

    private SequenceTensors(string model, SequenceSettings settings, ModelSignature signature)
    {
        _model = model;
        var count = signature.Inputs.Count;
        _inputs = new (int, SequenceControl?, int)[count];
        _values = new (TensorBuffer, TensorBuffer)[count];
        _shapes = new long[count][];
        var callers = new List<TensorSpec>();
        for (var index = 0; index < count; index++)
        {
            var spec = signature.Inputs[index];
            var control = settings.Controls.FirstOrDefault(control => control.Input == spec.Name);
            var state = settings.States.ToList().FindIndex(state => state.Input == spec.Name);
            _inputs[index] = (control is null && state < 0 ? callers.Count : -1, control, state);
            if (control is not null)
            {
                _shapes[index] = Check(spec, control, signature.IsBatchable);
                _values[index] = control.Kind == SequenceControlKind.CorrelationId ? default : (Make(control, _shapes[index], control.FalseValue), Make(control, _shapes[index], control.TrueValue));
            }
            else if (state < 0)
            {
                callers.Add(spec);
            }
        }

        foreach (var name in settings.Controls.Select(static control => control.Input).Concat(settings.States.Select(static state => state.Input)))
        {
            if (signature.Inputs.All(spec => spec.Name != name))
            {
                throw Refuse($"makes the input '{name}', and the model file has {Names(signature.Inputs)}");
            }
        }

        _stateOutputs = [.. settings.States.Select(state => Find(state, signature))];
        _answered = [.. Enumerable.Range(0, signature.Outputs.Count).Where(output => settings.States.All(state => state.IsAnswered || state.Output != signature.Outputs[output].Name))];
        InitialStates = [.. settings.States.Select(MakeInitial)];
        Signature = new ModelSignature(callers, [.. _answered.Select(output => signature.Outputs[output])]) { IsBatchable = signature.IsBatchable };
    }

    /// <summary>What callers see of the model.</summary>
    public ModelSignature Signature { get; }

    /// <summary>What a first request gets, one per state.</summary>
    public IReadOnlyList<TensorBuffer> InitialStates { get; }

    /// <param name="model">Its name.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="signature">The model's own.</param>
    /// <returns><see langword="null"/> for a model without sequences.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: settings and file do not fit; the sentence names the tensor.</exception>
    public static SequenceTensors? Of(string model, ModelSettings settings, ModelSignature signature) =>
        settings.Sequences is { } sequences ? new SequenceTensors(model, sequences, signature) : null;

    /// <summary>Whether the model can be told the id.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: it takes ids of another kind.</exception>
    public void CheckId(in SequenceId id)
    {
        for (var index = 0; index < _inputs.Length; index++)
        {
            if (_inputs[index].Control is { Kind: SequenceControlKind.CorrelationId } control)
            {
                MakeId(control, _shapes[index], id);
            }
        }
    }

    /// <summary>The model's inputs.</summary>
    /// <param name="inputs">Those of the request, in the order of <see cref="Signature"/>.</param>
    /// <param name="states">What the request before left, or <see cref="InitialStates"/>.</param>
    public TensorBuffer[] ToModel(ReadOnlySpan<TensorBuffer> inputs, in SequencePlace position, IReadOnlyList<TensorBuffer> states)
    {
        var model = new TensorBuffer[_inputs.Length];
        for (var index = 0; index < model.Length; index++)
        {
            var (place, control, state) = _inputs[index];
            model[index] = state >= 0 ? states[state]
                : control is null ? inputs[place]
                : control.Kind switch
                {
                    SequenceControlKind.CorrelationId => MakeId(control, _shapes[index], position.Id),
                    SequenceControlKind.Start => position.IsStart ? _values[index].True : _values[index].False,
                    SequenceControlKind.End => position.IsEnd ? _values[index].True : _values[index].False,
                    _ => _values[index].True,
                };
        }

        return model;
    }

    /// <summary>What a first request gets beside its own inputs.</summary>
    /// <param name="input">Index among the model's inputs.</param>
    /// <returns><see langword="null"/> for an input that requests have.</returns>
    public TensorBuffer? FindFirst(int input) =>
        ToModel(new TensorBuffer[Signature.Inputs.Count], new SequencePlace(new SequenceId(1), IsStart: true, IsEnd: false), InitialStates)[input];

    /// <summary>What the next request of the sequence gets: copies, since the memory of a run goes back.</summary>
    public TensorBuffer[] KeepStates(TensorBuffer[] outputs)
    {
        var states = new TensorBuffer[_stateOutputs.Length];
        for (var index = 0; index < states.Length; index++)
        {
            states[index] = outputs[_stateOutputs[index]].Copy();
        }

        return states;
    }

    /// <summary>The outputs that callers see, in the order of <see cref="Signature"/>.</summary>
    public TensorBuffer[] ToAnswer(TensorBuffer[] outputs) => _answered.Length == outputs.Length ? outputs : [.. _answered.Select(output => outputs[output])];

    private TensorBuffer MakeId(SequenceControl control, long[] shape, in SequenceId id)
    {
        if (control.Dtype == TensorDtype.Bytes)
        {
            return TensorBuffer.OfStrings(shape, new byte[][] { Encoding.UTF8.GetBytes(id.ToString()) });
        }

        ulong most = control.Dtype switch { TensorDtype.Int32 => int.MaxValue, TensorDtype.UInt32 => uint.MaxValue, TensorDtype.Int64 => long.MaxValue, _ => ulong.MaxValue };
        if (id.Text.Length > 0 || id.Number > most)
        {
            var given = id.Text.Length == 0 ? id.ToString() : $"\"{id.Text}\"";
            throw new ServingException(ServingError.InvalidInput, $"the sequence_id of a request to model '{_model}' is {given}; its input '{control.Input}' takes {control.Dtype.ToName()}, expected a whole number to {most.ToString(CultureInfo.InvariantCulture)}");
        }

        var data = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(data, id.Number);
        return TensorBuffer.Of(control.Dtype, shape, data.AsMemory(0, control.Dtype.Width()));
    }

    private static TensorBuffer Make(SequenceControl control, long[] shape, double value) => TensorElements.FromDoubles(control.Dtype, shape, [value])!;

    /// <returns>The shape of one row.</returns>
    private long[] Check(TensorSpec spec, SequenceControl control, bool hasRows)
    {
        long[] shape = spec.IsAnyRank ? hasRows ? [1, 1] : [1] : [.. spec.Shape.Select(static size => size == -1 ? 1 : size)];
        return spec.Dtype == control.Dtype && Array.TrueForAll(shape, static size => size == 1)
            ? shape
            : throw Refuse($"makes the input '{spec.Name}' of one {control.Dtype.ToName()} per row, and the model file has {spec}");
    }

    private int Find(SequenceState state, ModelSignature signature)
    {
        var output = InferenceInputs.IndexOf(signature.Outputs, state.Output);
        if (output < 0)
        {
            throw Refuse($"keeps the output '{state.Output}', and the model file has {Names(signature.Outputs)}");
        }

        foreach (var spec in new[] { signature.Inputs[InferenceInputs.IndexOf(signature.Inputs, state.Input)], signature.Outputs[output] })
        {
            if (spec.Dtype != state.Dtype || !Fits(state.Shape, spec))
            {
                throw Refuse($"has the state '{spec.Name}' as {state.Dtype.ToName()} {TensorShape.ToText(state.Shape)}, and the model file has {spec}");
            }
        }

        return output;
    }

    private static bool Fits(IReadOnlyList<long> declared, TensorSpec file) => file.IsAnyRank
        || (declared.Count == file.Shape.Count && declared.Zip(file.Shape).All(static pair => pair.First == -1 || pair.Second == -1 || pair.First == pair.Second));

    private TensorBuffer MakeInitial(SequenceState state)
    {
        long[] shape = [.. state.InitialShape];
        if (!TensorShape.TryCountElements(shape, out var count) || (long)count * Math.Max(state.Dtype.Width(), 1) > Array.MaxLength)
        {
            throw Refuse($"has the state '{state.Input}' of {TensorShape.ToText(shape)}, which is more than a tensor can have");
        }

        if (state.InitialFile is not { } path)
        {
            return state.Dtype == TensorDtype.Bytes ? TensorBuffer.OfStrings(shape, Enumerable.Repeat<byte[]>([], count).ToArray()) : TensorBuffer.Of(state.Dtype, shape, new byte[count * state.Dtype.Width()]);
        }

        try
        {
            var length = new FileInfo(path).Length;
            var expected = (long)count * state.Dtype.Width();
            var bytes = length <= Array.MaxLength ? File.ReadAllBytes(path) : [];
            return state.Dtype == TensorDtype.Bytes
                ? TensorBuffer.TryOfPacked(shape, bytes) ?? throw Refuse($"begins the state '{state.Input}' with the file '{Path.GetFileName(path)}', whose {length} bytes are not {TensorShape.ToText(shape)} texts, each behind its length as uint32")
                : bytes.Length == expected ? TensorBuffer.Of(state.Dtype, shape, bytes)
                : throw Refuse($"begins the state '{state.Input}' with the file '{Path.GetFileName(path)}' of {length} bytes; {TensorShape.ToText(shape)} of {state.Dtype.ToName()} has {expected}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refuse($"begins the state '{state.Input}' with the file '{Path.GetFileName(path)}', which cannot be taken: {exception.Message.TrimEnd('.')}");
        }
    }

    private ServingException Refuse(string clause) => new(ServingError.ModelRefused, $"The sequence_batching of the model '{_model}' {clause}.");

    private static string Names(IReadOnlyList<TensorSpec> specs) => specs.Count == 0 ? "none" : string.Join(", ", specs.Select(static spec => $"'{spec.Name}'"));
}

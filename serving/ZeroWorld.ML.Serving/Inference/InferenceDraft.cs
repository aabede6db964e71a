using System.Buffers;
using System.Diagnostics;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>
/// A call of a loaded model that is put together from its wire form: the inputs are copied once, from the message to where the model reads them.
/// It takes what is right and nothing else: whoever gets a <see langword="false"/> makes an <see cref="InferenceRequest"/> of the message instead, which is answered or refused with a sentence.
/// </summary>
/// <remarks>
/// Used by one caller, in this order: <see cref="TryAddInput"/> and <see cref="TryAddOutput"/>, <see cref="TryFill"/>, <see cref="RunAsync"/>, <see cref="Finish"/>, <see cref="Dispose"/>, which also gives the
/// outputs back. Disposed once, and never while <see cref="RunAsync"/> is unfinished.
/// </remarks>
public sealed class InferenceDraft : IDisposable
{
    private readonly InferencePath _path;
    private readonly Servable _servable;
    private readonly long _received;
    private readonly TensorBuffer[] _inputs;
    private readonly InputPlace[] _places;
    private readonly ReadOnlySequence<byte>[] _raws;
    private readonly long[]?[] _shapes;
    private int[]? _outputs;
    private int _outputCount;
    private int _rows;
    private bool _isLeased = true;
    private BatchOutputs _answer;
    private AnsweredRequest _answered;

    internal InferenceDraft(InferencePath path, Servable servable, long received)
    {
        _path = path;
        _servable = servable;
        _received = received;
        var count = servable.Signature.Inputs.Count;
        _inputs = new TensorBuffer[count];
        _places = new InputPlace[count];
        _raws = new ReadOnlySequence<byte>[count];
        _shapes = new long[count][];
    }

    /// <summary>The version that answers.</summary>
    public long Version => _servable.Version;

    /// <summary>Outputs of the answer.</summary>
    public int OutputCount => _outputs is null ? _servable.Signature.Outputs.Count : _outputCount;

    /// <summary>Adds an input.</summary>
    /// <param name="raw">Row-major, little-endian; looked at until <see cref="TryFill"/>.</param>
    /// <returns><see langword="false"/>: the model takes no such input, or not in this form.</returns>
    public bool TryAddInput(string name, string datatype, ReadOnlySpan<long> shape, in ReadOnlySequence<byte> raw)
    {
        var specs = _servable.Signature.Inputs;
        var position = InferenceInputs.IndexOf(specs, name);
        if (position < 0 || _shapes[position] is not null)
        {
            return false;
        }

        // Inputs that may be left out come with rules of their own.
        var spec = specs[position];
        if (spec.IsOptional || spec.IsAnyRank || datatype != spec.Dtype.ToName() || !InferenceInputs.Fits(spec.Shape, shape))
        {
            return false;
        }

        if (!TensorShape.TryCountElements(shape, out var elements)
            || (spec.Dtype == TensorDtype.Bytes ? raw.Length < (long)elements * sizeof(uint) || raw.Length > int.MaxValue : raw.Length != (long)elements * spec.Dtype.Width()))
        {
            return false;
        }

        _shapes[position] = shape.ToArray();
        _raws[position] = raw;
        return true;
    }

    /// <summary>Asks for an output. Without any, all are answered.</summary>
    /// <returns><see langword="false"/>: the model has none of this name, or it was asked for already.</returns>
    public bool TryAddOutput(string name)
    {
        var position = InferenceInputs.IndexOf(_servable.Signature.Outputs, name);
        if (position < 0 || (_outputs is not null && Array.IndexOf(_outputs, position, 0, _outputCount) >= 0))
        {
            return false;
        }

        _outputs ??= new int[_servable.Signature.Outputs.Count];
        _outputs[_outputCount++] = position;
        return true;
    }

    /// <summary>Copies the inputs to where the model reads them. Whatever the message lies in is not needed afterwards.</summary>
    /// <returns><see langword="false"/>: inputs are missing, or their rows, strings or bools are not what the model takes.</returns>
    public bool TryFill()
    {
        if (_shapes.Length == 0 || Array.IndexOf(_shapes, null) >= 0)
        {
            return false;
        }

        _rows = 1;
        if (_servable.IsBatchable)
        {
            var rows = _shapes[0]![0];
            foreach (var shape in _shapes)
            {
                if (shape![0] != rows)
                {
                    return false;
                }
            }

            if (rows > _servable.RowsMax)
            {
                return false;
            }

            _rows = (int)rows;
        }

        Span<int> lengths = stackalloc int[_raws.Length <= 32 ? _raws.Length : 0];
        lengths = lengths.Length == _raws.Length ? lengths : new int[_raws.Length];
        for (var index = 0; index < lengths.Length; index++)
        {
            lengths[index] = (int)_raws[index].Length;
        }

        _servable.Arena.Take(lengths, _places);
        for (var index = 0; index < _raws.Length; index++)
        {
            _raws[index].CopyTo(_places[index].Span);
            _raws[index] = default;
            if (TryCreate(_servable.Signature.Inputs[index].Dtype, _shapes[index]!, _places[index].Memory) is not { } input)
            {
                return false;
            }

            _inputs[index] = input;
        }

        return true;
    }

    /// <summary>Runs the model.</summary>
    /// <param name="deadline">When the caller stops waiting; <see langword="null"/>: never.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>, <see cref="ServingError.DeadlineExceeded"/>, <see cref="ServingError.BackendFailed"/>.</exception>
    /// <exception cref="OperationCanceledException">The caller went away before the model ran.</exception>
    public async ValueTask RunAsync(DateTimeOffset? deadline, CancellationToken cancellationToken)
    {
        var trace = _path.StartTrace(_servable, _received);
        trace?.Describe(_servable.Version, _rows);
        var decode = Stopwatch.GetTimestamp() - _received;
        try
        {
            _answer = await _servable.AnswerAsync(_inputs, _rows, _path.ToUrgency(deadline) with { Wanted = _outputs }, cancellationToken).ConfigureAwait(false);
            _servable.Statistics.RecordSuccess(_rows, _received, _answer.Times);
            _answered = new AnsweredRequest(_servable.Statistics.Inferences, new StageTimes(decode, 0, _answer.Times, _answer.IsCached), trace, _received);
        }
        catch (Exception exception)
        {
            _path.Fail(_servable, _received, trace, exception);
            throw;
        }
        finally
        {
            // The run has ended, or will never begin: nobody reads the inputs any more.
            ReturnInputs();
            Release();
        }
    }

    /// <param name="index">Of the answer.</param>
    /// <returns>The output, with its elements in memory that is valid until <see cref="Dispose"/>.</returns>
    public InferenceOutput GetOutput(int index)
    {
        var position = _outputs is null ? index : _outputs[index];
        return new InferenceOutput(_servable.Signature.Outputs[position].Name, _answer.Tensors[position], _servable.FindLabels(position));
    }

    /// <summary>The answer is written. Called once, after a run.</summary>
    public void Finish() => _answered.Finish();

    public void Dispose()
    {
        ReturnInputs();
        Release();
        var memory = _answer.Memory;
        _answer = default;
        memory?.Release();
    }

    /// <returns><see langword="null"/>: the bytes are no strings, or no bools.</returns>
    private static TensorBuffer? TryCreate(TensorDtype dtype, long[] shape, ReadOnlyMemory<byte> data) => dtype switch
    {
        TensorDtype.Bytes => TensorBuffer.TryOfPacked(shape, data),
        TensorDtype.Bool when InferenceInputs.IndexOfNoBool(data.Span) >= 0 => null,
        _ => TensorBuffer.Of(dtype, shape, data),
    };

    private void ReturnInputs()
    {
        for (var index = 0; index < _places.Length; index++)
        {
            _places[index].Return();
            _places[index] = default;
        }
    }

    private void Release()
    {
        if (_isLeased)
        {
            _isLeased = false;
            _servable.Release();
        }
    }
}

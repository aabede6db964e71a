using System.Buffers;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>
/// An inference request read where it lies: names, shapes, and where the bytes of each tensor are. It holds what almost every client sends, raw tensors and no parameters but the time that the request has;
/// whatever else a request may have, and whatever is wrong with one, is for <see cref="InferRequestReader"/>.
/// </summary>
/// <remarks>Not thread safe; used again and again. What it holds is valid as long as the message is.</remarks>
public sealed class RawInferRequest
{
    private const int TensorsMax = 64;
    private const int DimensionsMax = 256;
    private readonly Tensor[] _inputs = new Tensor[TensorsMax];
    private readonly ReadOnlySequence<byte>[] _raws = new ReadOnlySequence<byte>[TensorsMax];
    private readonly string[] _outputs = new string[TensorsMax];
    private readonly long[] _dimensions = new long[DimensionsMax];
    private int _rawCount;
    private int _dimensionCount;

    public string ModelName { get; private set; } = "";

    public string ModelVersion { get; private set; } = "";

    public string Id { get; private set; } = "";

    /// <inheritdoc cref="RequestParameters.Timeout"/>
    public TimeSpan? Timeout { get; private set; }

    public int InputCount { get; private set; }

    /// <summary>Names of the outputs asked for; none asks for all.</summary>
    public ReadOnlySpan<string> Outputs => _outputs.AsSpan(0, OutputCount);

    private int OutputCount { get; set; }

    /// <param name="index">Below <see cref="InputCount"/>.</param>
    public RawInput GetInput(int index)
    {
        ref readonly var input = ref _inputs[index];
        return new RawInput(input.Name, input.Datatype, _dimensions.AsSpan(input.Start, input.Rank), _raws[index]);
    }

    /// <summary>Reads a ModelInferRequest (open_inference.proto).</summary>
    /// <returns><see langword="false"/>: it is none, or holds what this does not; nothing of it may be used then.</returns>
    public bool TryRead(ReadOnlySequence<byte> message)
    {
        Clear();
        var reader = new WireReader(message);
        while (reader.Remaining > 0)
        {
            if (!reader.TryReadVarint(out var tag) || !TryReadField(ref reader, tag))
            {
                return false;
            }
        }

        return _rawCount == InputCount;
    }

    /// <summary>Lets go of the message.</summary>
    public void Clear()
    {
        _raws.AsSpan(0, _rawCount).Clear();
        (ModelName, ModelVersion, Id, Timeout) = ("", "", "", null);
        (InputCount, OutputCount, _rawCount, _dimensionCount) = (0, 0, 0, 0);
    }

    // Tags: field number and wire type 2, a length and that many bytes.
    private bool TryReadField(ref WireReader reader, ulong tag)
    {
        switch (tag)
        {
            case (1 << 3) | 2 when reader.TryReadName(out var name):
                ModelName = name;
                return true;
            case (2 << 3) | 2 when reader.TryReadName(out var version):
                ModelVersion = version;
                return true;
            case (3 << 3) | 2 when reader.TryReadName(out var id, isFrequent: false):
                Id = id;
                return true;
            case (4 << 3) | 2:
                return reader.TryReadLength(out var entryLength) && TryReadTimeout(ref reader, reader.Position + entryLength);
            case (5 << 3) | 2 when InputCount < TensorsMax:
                return reader.TryReadLength(out var inputLength) && TryReadInput(ref reader, reader.Position + inputLength);
            case (6 << 3) | 2 when OutputCount < TensorsMax:
                return reader.TryReadLength(out var outputLength) && TryReadOutput(ref reader, reader.Position + outputLength);
            case (7 << 3) | 2 when _rawCount < TensorsMax:
                return reader.TryReadBytes(out _raws[_rawCount++]);
            default:
                return false;
        }
    }

    /// <summary>An entry of the map of parameters, as whoever writes one writes it: the name, then a value of one field.</summary>
    private bool TryReadTimeout(ref WireReader reader, long end)
    {
        if (!reader.TryReadVarint(out var keyTag) || keyTag != ((1 << 3) | 2) || !reader.TryReadName(out var name) || name != "timeout"
            || !reader.TryReadVarint(out var valueTag) || valueTag != ((2 << 3) | 2) || !reader.TryReadLength(out var length) || reader.Position + length != end
            || !reader.TryReadVarint(out var choice) || choice != 2 << 3 || !reader.TryReadVarint(out var microseconds) || (long)microseconds < 0)
        {
            return false;
        }

        Timeout = RequestParameters.ToTimeout((long)microseconds);
        return reader.Position == end;
    }

    private bool TryReadInput(ref WireReader reader, long end)
    {
        var input = new Tensor("", "", _dimensionCount, 0);
        while (reader.Position < end)
        {
            if (!reader.TryReadVarint(out var tag))
            {
                return false;
            }

            switch (tag)
            {
                case (1 << 3) | 2 when reader.TryReadName(out var name):
                    input = input with { Name = name };
                    break;
                case (2 << 3) | 2 when reader.TryReadName(out var datatype):
                    input = input with { Datatype = datatype };
                    break;
                case (3 << 3) | 2 when reader.TryReadLength(out var length):
                    var last = reader.Position + length;
                    while (reader.Position < last)
                    {
                        if (!TryReadDimension(ref reader))
                        {
                            return false;
                        }
                    }

                    // A number that reaches beyond its list is none.
                    if (reader.Position != last)
                    {
                        return false;
                    }

                    break;
                case 3 << 3 when TryReadDimension(ref reader):
                    break;
                default:
                    return false;
            }
        }

        _inputs[InputCount++] = input with { Rank = _dimensionCount - input.Start };
        return reader.Position == end;
    }

    private bool TryReadDimension(ref WireReader reader)
    {
        if (_dimensionCount == DimensionsMax || !reader.TryReadVarint(out var size))
        {
            return false;
        }

        _dimensions[_dimensionCount++] = (long)size;
        return true;
    }

    private bool TryReadOutput(ref WireReader reader, long end)
    {
        var name = "";
        while (reader.Position < end)
        {
            if (!reader.TryReadVarint(out var tag) || tag != ((1 << 3) | 2) || !reader.TryReadName(out name))
            {
                return false;
            }
        }

        _outputs[OutputCount++] = name;
        return reader.Position == end;
    }

    private readonly record struct Tensor(string Name, string Datatype, int Start, int Rank);
}

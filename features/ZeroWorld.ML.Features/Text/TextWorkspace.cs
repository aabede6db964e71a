using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Room for the features of one text, used again for the next: a featurizer allocates nothing once the longest text was seen.</summary>
/// <remarks>One thread at a time. Spans are valid until the next text.</remarks>
public sealed class TextWorkspace
{
    private const float ExactOnesMax = 1 << 22;
    private static readonly float[] CountWeights = [.. Enumerable.Range(0, 64).Select(static count => count == 0 ? 0 : 1 + MathF.Log(count))];

    private readonly FeatureCounter _counter = new();
    private int[] _ids = new int[2_048];
    private float[] _values = new float[2_048];
    private uint[] _occurrences = new uint[2_048];
    private int[] _starts = [];
    private int[] _ends = [];
    private readonly Dictionary<uint, float> _weights = [];
    private TextFeature[] _trace = [];
    private char[] _decoded = [];
    private int _count;
    private int _segment;
    private int _seen;
    private int _traced;

    internal CodeBuffer Normal { get; } = new();

    internal CodeBuffer Folded { get; } = new();

    internal CodeBuffer Squeezed { get; } = new();

    internal List<(int Start, int Length)> FoldedWords { get; } = new(256);

    internal TextShape Shape { get; set; }

    /// <summary>Whether the last folded word was put together from single letters.</summary>
    internal bool Spelled { get; set; }

    internal uint[] States { get; private set; } = new uint[1_024];

    /// <summary>States of what begins at each place of a mask of words.</summary>
    internal uint[] Begun { get; } = new uint[NgramHashes.BegunRoom(WordMasks.Width)];

    internal int[] Reaches { get; private set; } = new int[1_024];

    /// <summary>Whether <see cref="Trace"/> is wanted.</summary>
    internal bool IsTraced { get; private set; }

    /// <summary>Where the last text's features were seen, if that was asked.</summary>
    internal ReadOnlySpan<TextFeature> Trace => _trace.AsSpan(0, _traced);

    /// <summary>Ids of the last text's features, by channel in order of first occurrence; within a channel each id once.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, _count);

    /// <summary>Their weights, above 0: (1 + ln count) scaled so that each channel's vector has the channel's length; of counted characters the count times the weight.</summary>
    public ReadOnlySpan<float> Values => _values.AsSpan(0, _count);

    /// <summary>Whether the last text was longer than what is read.</summary>
    public bool IsTruncated { get; internal set; }

    internal void Begin(bool isTraced)
    {
        (_count, _traced, IsTraced, IsTruncated) = (0, 0, isTraced, false);
        Normal.Clear();
        Folded.Clear();
        Squeezed.Clear();
        FoldedWords.Clear();
        Spelled = false;
    }

    /// <summary>The text of UTF-8 bytes, in room of this workspace.</summary>
    internal ReadOnlySpan<char> Decode(ReadOnlySpan<byte> utf8)
    {
        var most = Encoding.UTF8.GetMaxCharCount(utf8.Length);
        if (_decoded.Length < most)
        {
            _decoded = new char[most];
        }

        return _decoded.AsSpan(0, Encoding.UTF8.GetChars(utf8, _decoded));
    }

    internal void EnsurePlaces(int places)
    {
        if (States.Length < places)
        {
            var size = (int)BitOperations.RoundUpToPowerOf2((uint)places);
            (States, Reaches) = (new uint[size], new int[size]);
        }
    }

    /// <summary>Starts a channel that sees at most so many features, each as often as it is there.</summary>
    internal void BeginChannel(int most)
    {
        _seen = 0;
        if (_occurrences.Length < most + CodeBuffer.Padding)
        {
            _occurrences = new uint[BitOperations.RoundUpToPowerOf2((uint)(most + CodeBuffer.Padding))];
        }

        if (IsTraced && _starts.Length < most)
        {
            (_starts, _ends) = (new int[_occurrences.Length], new int[_occurrences.Length]);
        }

        if (_ids.Length < _count + most + Vector256<int>.Count)
        {
            var room = (int)BitOperations.RoundUpToPowerOf2((uint)(_count + most + Vector256<int>.Count));
            Array.Resize(ref _ids, room);
            Array.Resize(ref _values, room);
        }
    }

    /// <summary>Room behind the ids that were seen, up to <see cref="CodeBuffer.Padding"/> beyond the channel's most; what is written there counts with <see cref="Saw"/>.</summary>
    internal Span<uint> Room(int count) => _occurrences.AsSpan(_seen, count);

    /// <summary>Counts so many ids in, which lie in the room.</summary>
    internal void Saw(int count) => _seen += count;

    /// <summary>Adds one feature with its place in the text.</summary>
    internal void Add(uint id, int start, int end)
    {
        if (IsTraced)
        {
            (_starts[_seen], _ends[_seen]) = (start, end);
        }

        _occurrences[_seen++] = id;
    }

    /// <summary>Ends a channel: the vector of (1 + ln count) has the length <paramref name="weight"/>.</summary>
    internal void EndChannel(float weight, int bits)
    {
        var values = CountSeen(bits);
        var (squares, last) = (0f, 0);
        foreach (var place in _counter.Places)
        {
            values[place] = CountWeights[Math.Min(CountAt(place), CountWeights.Length - 1)];
            squares = AddOnes(squares, place - last) + (values[place] * values[place]);
            last = place + 1;
        }

        Finish(values, weight / MathF.Sqrt(AddOnes(squares, values.Length - last)));
    }

    /// <summary>Ends a channel whose values are how often each feature was seen, times the weight.</summary>
    internal void EndCounts(float weight, int bits)
    {
        var values = CountSeen(bits);
        foreach (var place in _counter.Places)
        {
            values[place] = CountAt(place);
        }

        Finish(values, weight);
    }

    /// <summary><paramref name="sum"/> with 1 added to it so many times, one after the other, as the rounding of single precision has it.</summary>
    /// <remarks>Each step is exact but one that takes the sum beyond a power of two: as many at once as reach the next power give the same.</remarks>
    internal static float AddOnes(float sum, int count)
    {
        // Of a whole number every step is exact.
        if (sum == MathF.Truncate(sum) && sum < ExactOnesMax && count < ExactOnesMax)
        {
            return sum + count;
        }

        while (count > 0)
        {
            if (sum >= ExactOnesMax)
            {
                sum += 1;
                count--;
                continue;
            }

            var power = sum < 1 ? 1 : BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(sum) & 0x7F80_0000) + 0x0080_0000);
            var steps = Math.Min(count, (int)MathF.Ceiling(power - sum));
            sum += steps;
            count -= steps;
        }

        return sum;
    }

    // The ids that were seen, each once, with a value of 1; where none is there twice, Finish writes the values.
    private Span<float> CountSeen(int bits)
    {
        _segment = _count;
        _count += _counter.Distinct(_occurrences.AsSpan(0, _seen), _ids.AsSpan(_segment), bits);
        var values = _values.AsSpan(_segment, _count - _segment);
        if (_counter.Places.Length > 0)
        {
            values.Fill(1);
        }

        return values;
    }

    private int CountAt(int place) => _counter.CountOf((uint)_ids[_segment + place], place);

    private void Finish(Span<float> values, float scale)
    {
        if (_counter.Places.Length > 0)
        {
            Scale(values, scale);
        }
        else if (values.Length <= Vector256<float>.Count)
        {
            // What is behind them is of no channel yet.
            Vector256.Create(scale).CopyTo(_values, _segment);
        }
        else
        {
            values.Fill(scale);
        }

        if (IsTraced)
        {
            AddTrace(values, scale);
        }
    }

    private static void Scale(Span<float> values, float scale)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        foreach (ref var vector in vectors)
        {
            vector *= scale;
        }

        foreach (ref var value in values[(vectors.Length * Vector<float>.Count)..])
        {
            value *= scale;
        }
    }

    private void AddTrace(ReadOnlySpan<float> values, float scale)
    {
        if (_trace.Length < _traced + _seen)
        {
            Array.Resize(ref _trace, (int)BitOperations.RoundUpToPowerOf2((uint)(_traced + _seen)));
        }

        // What is there once has the value 1; of the others each place has its part.
        _weights.Clear();
        foreach (var place in _counter.Places)
        {
            _weights[(uint)_ids[_segment + place]] = values[place] / CountAt(place);
        }

        for (var seen = 0; seen < _seen; seen++)
        {
            var id = _occurrences[seen];
            var weight = _weights.Count > 0 && _weights.TryGetValue(id, out var part) ? part : scale;
            _trace[_traced++] = new TextFeature((int)id, weight, _starts[seen], _ends[seen]);
        }
    }
}

using System.Numerics;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Room for the features of one text, used again for the next: a featurizer allocates nothing once the longest text was seen.</summary>
/// <remarks>One thread at a time. Spans are valid until the next text.</remarks>
public sealed class TextWorkspace
{
    private static readonly float[] CountWeights = [.. Enumerable.Range(0, 64).Select(static count => count == 0 ? 0 : 1 + MathF.Log(count))];

    private int[] _ids = new int[2_048];
    private float[] _values = new float[2_048];
    private int[] _counts = new int[2_048];
    private ulong[] _keys = new ulong[4_096];
    private int[] _places = new int[4_096];
    private char[] _decoded = [];
    private uint _generation;
    private int _count;
    private int _segment;
    private uint _mask;

    internal CodeBuffer Normal { get; } = new();

    internal CodeBuffer Folded { get; } = new();

    internal CodeBuffer Squeezed { get; } = new();

    internal List<(int Start, int Length)> FoldedWords { get; } = new(256);

    internal TextShape Shape { get; set; }

    /// <summary>Whether the last folded word was put together from single letters.</summary>
    internal bool Spelled { get; set; }

    internal uint[] States { get; private set; } = new uint[1_024];

    internal uint[] NgramIds { get; private set; } = new uint[1_024];

    internal int[] Limits { get; private set; } = new int[1_024];

    internal List<TextFeature>? Trace { get; set; }

    /// <summary>Ids of the last text's features, by channel in order of first occurrence; within a channel each id once.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, _count);

    /// <summary>Their weights, above 0: (1 + ln count) scaled so that each channel's vector has the channel's length; of counted characters the count times the weight.</summary>
    public ReadOnlySpan<float> Values => _values.AsSpan(0, _count);

    /// <summary>Whether the last text was longer than what is read.</summary>
    public bool IsTruncated { get; internal set; }

    internal void Begin()
    {
        (_count, IsTruncated) = (0, false);
        Normal.Clear();
        Folded.Clear();
        Squeezed.Clear();
        FoldedWords.Clear();
        Spelled = false;
        Trace?.Clear();
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
            (States, NgramIds, Limits) = (new uint[size], new uint[size], new int[size]);
        }
    }

    /// <summary>Starts a channel with at most so many n-grams.</summary>
    internal void BeginChannel(int most)
    {
        var size = BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, most * 2));
        if (_keys.Length < size)
        {
            (_keys, _places, _generation) = (new ulong[size], new int[size], 0);
        }

        if (_ids.Length < _count + most)
        {
            var room = (int)BitOperations.RoundUpToPowerOf2((uint)(_count + most));
            Array.Resize(ref _ids, room);
            Array.Resize(ref _values, room);
            Array.Resize(ref _counts, room);
        }

        if (++_generation == 0)
        {
            Array.Clear(_keys);
            _generation = 1;
        }

        (_mask, _segment) = (size - 1, _count);
    }

    internal int Add(uint id)
    {
        var key = ((ulong)_generation << 32) | id;
        for (var slot = (id * 0x9E37_79B1) >> 7 & _mask; ; slot = (slot + 1) & _mask)
        {
            if (_keys[slot] == key)
            {
                var known = _places[slot];
                _counts[known]++;
                return known;
            }

            if ((uint)(_keys[slot] >> 32) != _generation)
            {
                _keys[slot] = key;
                _places[slot] = _count;
                _ids[_count] = (int)id;
                _counts[_count] = 1;
                return _count++;
            }
        }
    }

    /// <summary>Ends a channel whose values are how often each feature was seen, times the weight.</summary>
    internal void EndCounts(float weight)
    {
        for (var place = _segment; place < _count; place++)
        {
            _values[place] = weight * _counts[place];
        }
    }

    internal void EndChannel(float weight)
    {
        var squares = 0f;
        for (var place = _segment; place < _count; place++)
        {
            var value = CountWeights[Math.Min(_counts[place], CountWeights.Length - 1)];
            _values[place] = value;
            squares += value * value;
        }

        var scale = weight / MathF.Sqrt(squares);
        for (var place = _segment; place < _count; place++)
        {
            _values[place] *= scale;
        }
    }
}

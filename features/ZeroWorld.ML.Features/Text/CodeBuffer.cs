namespace ZeroWorld.ML.Features;

/// <summary>Code points with the place in the given text that each came from.</summary>
internal sealed class CodeBuffer
{
    /// <summary>Code points behind the last that may be read, whatever they are: a loop over whole vectors needs no end of its own.</summary>
    public const int Padding = 64;

    private uint[] _codes = new uint[1_024];
    private int[] _origins = new int[1_024];

    public int Count { get; private set; }

    public Span<uint> Codes => _codes.AsSpan(0, Count);

    public ReadOnlySpan<int> Origins => _origins.AsSpan(0, Count);

    public uint Last => Count == 0 ? 0 : _codes[Count - 1];

    public void Clear() => Count = 0;

    /// <summary>So many code points from a place on, which may reach <see cref="Padding"/> beyond the last.</summary>
    public ReadOnlySpan<uint> Padded(int start, int count) => _codes.AsSpan(start, count);

    public void Add(uint code, int origin)
    {
        if (Count + Padding >= _codes.Length)
        {
            Reserve(Count);
        }

        _codes[Count] = code;
        _origins[Count++] = origin;
    }

    /// <summary>Everything that is there with room for so many more, which <see cref="Truncate"/> says are used.</summary>
    public void Reserve(int more, out Span<uint> codes, out Span<int> origins)
    {
        if (Count + more + Padding >= _codes.Length)
        {
            Reserve(more);
        }

        codes = _codes;
        origins = _origins;
    }

    public void ReplaceLast(uint code) => _codes[Count - 1] = code;

    public void RemoveAt(int place)
    {
        Codes[(place + 1)..].CopyTo(Codes[place..]);
        Origins[(place + 1)..].CopyTo(_origins.AsSpan(place));
        Count--;
    }

    public void Truncate(int count) => Count = count;

    private void Reserve(int more)
    {
        var size = Math.Max(_codes.Length * 2, Count + more + Padding + 1);
        Array.Resize(ref _codes, size);
        Array.Resize(ref _origins, size);
    }
}

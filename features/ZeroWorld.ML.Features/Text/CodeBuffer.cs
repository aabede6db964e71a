namespace ZeroWorld.ML.Features;

/// <summary>Code points with the place in the given text that each came from.</summary>
internal sealed class CodeBuffer
{
    private uint[] _codes = new uint[1_024];
    private int[] _origins = new int[1_024];

    public int Count { get; private set; }

    public Span<uint> Codes => _codes.AsSpan(0, Count);

    public ReadOnlySpan<int> Origins => _origins.AsSpan(0, Count);

    public uint Last => Count == 0 ? 0 : _codes[Count - 1];

    public void Clear() => Count = 0;

    public void Add(uint code, int origin)
    {
        if (Count == _codes.Length)
        {
            Array.Resize(ref _codes, Count * 2);
            Array.Resize(ref _origins, Count * 2);
        }

        _codes[Count] = code;
        _origins[Count++] = origin;
    }

    public void ReplaceLast(uint code) => _codes[Count - 1] = code;

    public void Truncate(int count) => Count = count;
}

namespace ZeroWorld.ML.Features;

/// <summary>The last words of a text: each new one makes its n-grams with those before it.</summary>
internal ref struct WordHistory(int most, uint seed, int bits)
{
    private Hashes _hashes;
    private Starts _starts;
    private int _count;

    /// <param name="hash">Of the word's code points, from the seed on.</param>
    public void Add(TextWorkspace workspace, uint hash, int start, int end)
    {
        if (most == 1)
        {
            workspace.Add(NgramHashes.Id(NgramHashes.Step(NgramHashes.Start(seed + 0x100), hash), bits), start, end);
            return;
        }

        // Newest first: n-grams grow backwards.
        for (var place = most - 1; place > 0; place--)
        {
            (_hashes[place], _starts[place]) = (_hashes[place - 1], _starts[place - 1]);
        }

        (_hashes[0], _starts[0]) = (hash, start);
        _count = Math.Min(_count + 1, most);
        var state = NgramHashes.Start(seed + 0x100);
        for (var words = 0; words < _count; words++)
        {
            state = NgramHashes.Step(state, _hashes[words]);
            workspace.Add(NgramHashes.Id(state, bits), _starts[words], end);
        }
    }

    [System.Runtime.CompilerServices.InlineArray(4)]
    private struct Hashes
    {
        private uint _first;
    }

    [System.Runtime.CompilerServices.InlineArray(4)]
    private struct Starts
    {
        private int _first;
    }
}

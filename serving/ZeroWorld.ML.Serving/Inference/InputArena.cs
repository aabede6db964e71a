namespace ZeroWorld.ML.Serving;

/// <summary>Memory for the inputs of requests that are on their way to a model: what comes one after another lies one after another, so that a batch of them need not be copied together.</summary>
/// <remarks>Thread safe. A place is given back once, when no run reads it any more; one that never is costs a block, which the collector then takes.</remarks>
internal sealed class InputArena(int inputs)
{
    private const int BlockBytes = 256 << 10;

    // What is larger comes from the shared pool: a block shall hold many.
    private const int PlaceBytesMax = 32 << 10;
    private const int SpareMax = 8;
    private const int AlignmentBytes = 8;
    private readonly Lock _lock = new();
    private readonly Block?[] _blocks = new Block?[inputs];
    private readonly Stack<Block> _spare = new();

    /// <summary>Takes a place per input.</summary>
    /// <param name="lengths">Bytes; 0 takes none.</param>
    /// <param name="places">As many.</param>
    public void Take(ReadOnlySpan<int> lengths, Span<InputPlace> places)
    {
        // All under one lock, so that the places of two requests lie in the same order for every input.
        lock (_lock)
        {
            for (var index = 0; index < lengths.Length; index++)
            {
                places[index] = lengths[index] <= PlaceBytesMax ? Take_NeedsLock(index, lengths[index]) : InputPlace.Rent(lengths[index]);
            }
        }
    }

    /// <summary>A block that is full and that nobody reads any more is used again.</summary>
    internal void Recycle(Block block)
    {
        lock (_lock)
        {
            if (_spare.Count < SpareMax)
            {
                block.Reset();
                _spare.Push(block);
            }
        }
    }

    private InputPlace Take_NeedsLock(int input, int length)
    {
        var block = _blocks[input];
        if (block is not null && block.TryTake(length, out var start))
        {
            return new InputPlace(block.Bytes, start, length, block);
        }

        var next = _spare.Count > 0 ? _spare.Pop() : new Block(this);
        _blocks[input] = next;
        next.TryTake(length, out start);

        // Last, since the block may come back as a spare one at once.
        block?.Release();
        return new InputPlace(next.Bytes, start, length, next);
    }

    /// <summary>One piece of memory, filled from its start. Held by the arena while it is being filled, and by everything that lies in it.</summary>
    internal sealed class Block(InputArena arena)
    {
        private int _holders = 1;
        private int _used;

        // Pinned, since the model reads it in place; beside the heap of large objects.
        public byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);

        /// <summary>Called under the arena's lock.</summary>
        public bool TryTake(int length, out int start)
        {
            // Nobody but the arena holds it: from the start again, so that a little memory serves for all.
            if (Volatile.Read(ref _holders) == 1)
            {
                _used = 0;
            }

            start = _used;
            if (start + length > BlockBytes)
            {
                return false;
            }

            // A row that is no multiple of the alignment keeps the next one beside it; a batch that begins in between is copied.
            _used += length == 0 ? AlignmentBytes : length;
            Interlocked.Increment(ref _holders);
            return true;
        }

        public void Release()
        {
            if (Interlocked.Decrement(ref _holders) == 0)
            {
                arena.Recycle(this);
            }
        }

        public void Reset()
        {
            _holders = 1;
            _used = 0;
        }
    }
}

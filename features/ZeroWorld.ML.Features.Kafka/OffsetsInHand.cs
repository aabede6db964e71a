namespace ZeroWorld.ML.Features.Kafka;

/// <summary>What a reader was given of each partition and the broker has no commit of.</summary>
/// <remarks>
/// A member that was silent for too long loses its partitions, and reads them from the last commit when it has them again: what its reader has in hand must not come twice,
/// and what is done whose commit was refused, as in the middle of a rebalance, has only to be committed again.
/// </remarks>
internal sealed class OffsetsInHand
{
    private readonly Dictionary<int, Hand> _hands = [];

    /// <param name="arrival">Tells an offset that comes again from one of a topic that was made anew.</param>
    /// <returns><see langword="false"/>: the reader has it already.</returns>
    public bool TryAdd(int partition, long offset, long arrival)
    {
        if (!_hands.TryGetValue(partition, out var hand) || hand.First >= hand.Next)
        {
            _hands[partition] = new Hand { First = offset, Done = offset, Next = offset + 1, Newest = arrival };
            return true;
        }

        if (offset >= hand.Next)
        {
            (hand.Next, hand.Newest) = (offset + 1, Math.Max(hand.Newest, arrival));
            return true;
        }

        if (offset < hand.First)
        {
            // From before a commit that another member took back.
            return true;
        }

        if (arrival > hand.Newest)
        {
            _hands[partition] = new Hand { First = offset, Done = offset, Next = offset + 1, Newest = arrival };
            return true;
        }

        return false;
    }

    /// <summary>The broker knows that everything before an offset is done.</summary>
    public void Commit(int partition, long next)
    {
        if (_hands.TryGetValue(partition, out var hand))
        {
            (hand.First, hand.Done) = (Math.Max(hand.First, Math.Min(next, hand.Next)), Math.Max(hand.Done, next));
        }
    }

    /// <summary>It is done, and the broker did not take the commit.</summary>
    public void Refuse(int partition, long next)
    {
        if (_hands.TryGetValue(partition, out var hand))
        {
            hand.Done = Math.Max(hand.Done, next);
        }
    }

    /// <summary>Commits that were refused: by partition, the offset before which everything is done.</summary>
    public IReadOnlyDictionary<int, long> ListOwed() =>
        _hands.Where(static entry => entry.Value.First < entry.Value.Done).ToDictionary(static entry => entry.Key, static entry => entry.Value.Done);

    // In the reader's hand: offsets from First, which is not committed, to Next. It is done with those before Done.
    private sealed class Hand
    {
        public long First { get; set; }

        public long Done { get; set; }

        public long Next { get; set; }

        public long Newest { get; set; }
    }
}

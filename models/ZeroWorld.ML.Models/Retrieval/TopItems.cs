using System.Numerics.Tensors;

namespace ZeroWorld.ML.Models.Retrieval;

/// <summary>The k best items, exactly.</summary>
/// <remarks>Pure. Equal scores are ordered by index, so that the answer is the same on every machine with the same arithmetic.</remarks>
public static class TopItems
{
    private const int BlockRows = 1024;

    /// <summary>Scores every row of a matrix by its product with the query and keeps the best.</summary>
    /// <param name="vectors">[items, query length] float32, row-major.</param>
    /// <param name="query">One vector.</param>
    /// <param name="k">1 or more; fewer come back where there are fewer items.</param>
    /// <returns>Best first.</returns>
    public static ScoredItem[] ByProduct(ReadOnlySpan<float> vectors, ReadOnlySpan<float> query, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfZero(query.Length);
        var items = vectors.Length / query.Length;
        var best = new Best(Math.Min(k, items));
        Span<float> scores = stackalloc float[BlockRows];
        for (var start = 0; start < items; start += BlockRows)
        {
            var count = Math.Min(BlockRows, items - start);
            for (var row = 0; row < count; row++)
            {
                scores[row] = TensorPrimitives.Dot(query, vectors.Slice((start + row) * query.Length, query.Length));
            }

            best.Add(scores[..count], start);
        }

        return best.ToArray();
    }

    /// <summary>Keeps the best of given scores; negative infinity is never among them.</summary>
    /// <param name="scores">By item.</param>
    /// <param name="k">1 or more.</param>
    /// <returns>Best first.</returns>
    public static ScoredItem[] Of(ReadOnlySpan<float> scores, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        var best = new Best(Math.Min(k, scores.Length));
        best.Add(scores, 0);
        return best.ToArray();
    }

    /// <summary>A heap of the k best, the worst of them on top.</summary>
    private sealed class Best(int k)
    {
        private readonly ScoredItem[] _heap = new ScoredItem[k];
        private int _count;
        private float _least = float.NegativeInfinity;

        public void Add(ReadOnlySpan<float> scores, int start)
        {
            for (var index = 0; index < scores.Length; index++)
            {
                if (scores[index] > _least)
                {
                    Push(new ScoredItem(start + index, scores[index]));
                }
            }
        }

        public ScoredItem[] ToArray()
        {
            var sorted = _heap.AsSpan(0, _count).ToArray();
            Array.Sort(sorted, static (left, right) => IsBetter(left, right) ? -1 : IsBetter(right, left) ? 1 : 0);
            return sorted;
        }

        private static bool IsBetter(ScoredItem left, ScoredItem right) => left.Score > right.Score || (left.Score == right.Score && left.Item < right.Item);

        private void Push(ScoredItem item)
        {
            if (k == 0)
            {
                return;
            }

            if (_count < k)
            {
                var child = _count++;
                while (child > 0 && IsBetter(_heap[(child - 1) / 2], item))
                {
                    _heap[child] = _heap[(child - 1) / 2];
                    child = (child - 1) / 2;
                }

                _heap[child] = item;
            }
            else
            {
                var place = 0;
                for (var child = 1; child < k; child = (2 * place) + 1)
                {
                    child += child + 1 < k && IsBetter(_heap[child], _heap[child + 1]) ? 1 : 0;
                    if (!IsBetter(item, _heap[child]))
                    {
                        break;
                    }

                    _heap[place] = _heap[child];
                    place = child;
                }

                _heap[place] = item;
            }

            _least = _count == k ? _heap[0].Score : float.NegativeInfinity;
        }
    }
}

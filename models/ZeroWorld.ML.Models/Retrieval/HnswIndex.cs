using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace ZeroWorld.ML.Models.Retrieval;

/// <summary>An approximate index of the items with the greatest product with a query: a hierarchical navigable small world (Malkov and Yashunin 2016).</summary>
/// <remarks>
/// Products are made distances by one more coordinate that brings all items to the same length (Bachrach et al. 2014), so that the nearest item is the one with the greatest product.
/// Built once, on one thread, the same from the same items and options. Immutable after that and thread safe.
/// </remarks>
public sealed class HnswIndex
{
    private const int LayersMax = 12;
    private const int FloatsPerLine = 16;
    private readonly float[] _vectors;
    private readonly int _stride;
    private readonly int _length;
    private readonly int _links;

    // Per layer: item * slots holds the number of links, the links follow. Layer 0 has twice the links.
    private readonly int[][] _layers;
    private readonly byte[] _tops;
    private int _entry = -1;

    private HnswIndex(float[] vectors, int stride, int length, int links, byte[] tops, int layers)
    {
        (_vectors, _stride, _length, _links, _tops) = (vectors, stride, length, links, tops);
        _layers = new int[layers][];
        for (var layer = 0; layer < layers; layer++)
        {
            _layers[layer] = new int[tops.Length * (LinksOf(layer) + 1)];
        }
    }

    public int ItemCount => _tops.Length;

    /// <param name="vectors">[items, length] float32, row-major; finite.</param>
    /// <param name="length">Length of a vector, 1 or more.</param>
    public static HnswIndex Build(ReadOnlySpan<float> vectors, int length, HnswOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        options.Check();
        var items = vectors.Length / length;
        var stride = (length + 1 + 15) / 16 * 16;
        var (widened, tops) = (Widen(vectors, items, length, stride), new byte[items]);
        var random = new Random(options.Seed);
        for (var item = 0; item < items; item++)
        {
            tops[item] = (byte)Math.Min(LayersMax - 1, (int)(-Math.Log(1 - random.NextDouble()) / Math.Log(options.Links)));
        }

        var index = new HnswIndex(widened, stride, length, options.Links, tops, items == 0 ? 0 : tops.Max() + 1);
        var search = new HnswSearch(items);
        for (var item = 0; item < items; item++)
        {
            if ((item & 0xFF) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            index.Insert(item, options.BuildWidth, search);
        }

        return index;
    }

    /// <param name="query">As long as the vectors.</param>
    /// <param name="k">1 or more.</param>
    /// <param name="width">Candidates that are kept while searching: more find more and take longer; at least k.</param>
    /// <returns>Best first, with exact products as scores.</returns>
    public ScoredItem[] Find(ReadOnlySpan<float> query, int k, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(query.Length, _length);
        if (_entry < 0)
        {
            return [];
        }

        Span<float> wide = new float[_stride];
        query.CopyTo(wide);
        var search = HnswSearch.Rent(ItemCount);
        Nearest(wide, Descend(wide, _tops[_entry], 0), Math.Max(k, width), 0, search);
        var best = new ScoredItem[Math.Min(k, search.Count)];
        for (var place = 0; place < best.Length; place++)
        {
            best[place] = search[place];
        }

        HnswSearch.Return(search);
        return best;
    }

    /// <summary>The graph as integers: links, layers, entry, top layer of each item, and per layer the links of each item. The vectors are not in it.</summary>
    public int[] ToLinks() => [_links, _layers.Length, _entry, .. _tops.Select(static top => (int)top), .. _layers.SelectMany(static layer => layer)];

    /// <summary>An index from its graph and its vectors.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.CorruptArtifact"/>: the graph is not one of these vectors.</exception>
    public static HnswIndex FromLinks(ReadOnlySpan<int> graph, ReadOnlySpan<float> vectors, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        var items = vectors.Length / length;
        var isHead = graph.Length >= 3 + items && graph[0] is >= 4 and <= 64 && graph[1] is >= 0 and <= LayersMax && graph[2] >= -1 && graph[2] < items;
        if (!isHead || (long)items * ((2 * graph[0]) + 1) + (Math.Max(0, graph[1] - 1) * (long)items * (graph[0] + 1)) != graph.Length - 3 - items)
        {
            throw Corrupt();
        }

        var tops = new byte[items];
        for (var item = 0; item < items; item++)
        {
            tops[item] = graph[3 + item] >= 0 && graph[3 + item] < graph[1] ? (byte)graph[3 + item] : throw Corrupt();
        }

        var stride = (length + 1 + 15) / 16 * 16;
        var index = new HnswIndex(Widen(vectors, items, length, stride), stride, length, graph[0], tops, graph[1]) { _entry = graph[2] };
        var rest = graph[(3 + items)..];
        for (var layer = 0; layer < graph[1]; layer++)
        {
            rest[..index._layers[layer].Length].CopyTo(index._layers[layer]);
            rest = rest[index._layers[layer].Length..];
            index.CheckLinks(layer);
        }

        return index;
    }

    private void CheckLinks(int layer)
    {
        var slots = LinksOf(layer) + 1;
        for (var item = 0; item < ItemCount; item++)
        {
            var row = _layers[layer].AsSpan(item * slots, slots);
            if (row[0] < 0 || row[0] >= slots || row.Slice(1, row[0]).IndexOfAnyExceptInRange(0, ItemCount - 1) >= 0)
            {
                throw Corrupt();
            }
        }
    }

    private static RegistryException Corrupt() => new(RegistryError.CorruptArtifact, "The retrieval index is not one of these vectors; expected the graph that was built from them.");

    private static float[] Widen(ReadOnlySpan<float> vectors, int items, int length, int stride)
    {
        var longest = 0f;
        for (var item = 0; item < items; item++)
        {
            longest = MathF.Max(longest, TensorPrimitives.SumOfSquares(vectors.Slice(item * length, length)));
        }

        var widened = new float[items * stride];
        for (var item = 0; item < items; item++)
        {
            var vector = vectors.Slice(item * length, length);
            vector.CopyTo(widened.AsSpan(item * stride));
            widened[(item * stride) + length] = MathF.Sqrt(MathF.Max(0, longest - TensorPrimitives.SumOfSquares(vector)));
        }

        return widened;
    }

    private int LinksOf(int layer) => layer == 0 ? 2 * _links : _links;

    private ReadOnlySpan<float> Vector(int item) => _vectors.AsSpan(item * _stride, _stride);

    private Span<int> Neighbours(int item, int layer)
    {
        var slots = LinksOf(layer) + 1;
        var row = _layers[layer].AsSpan(item * slots, slots);
        return row.Slice(1, row[0]);
    }

    // All items have one length, so that the greatest product is the least distance.
    private float Near(ReadOnlySpan<float> query, int item) => TensorPrimitives.Dot(query, Vector(item));

    private void Insert(int item, int width, HnswSearch search)
    {
        if (_entry < 0)
        {
            _entry = item;
            return;
        }

        var vector = Vector(item);
        var entry = Descend(vector, _tops[_entry], _tops[item]);
        for (int layer = Math.Min(_tops[item], _tops[_entry]); layer >= 0; layer--)
        {
            Nearest(vector, entry, width, layer, search);
            var found = search.ToList();
            entry = found[0].Item;
            Connect(item, found, layer);
        }

        if (_tops[item] > _tops[_entry])
        {
            _entry = item;
        }
    }

    private void Connect(int item, List<ScoredItem> found, int layer)
    {
        var slots = LinksOf(layer) + 1;
        Write(item, Choose(found, _links), layer);
        foreach (var other in Neighbours(item, layer))
        {
            var row = _layers[layer].AsSpan(other * slots, slots);
            if (row[0] < slots - 1)
            {
                row[1 + row[0]++] = item;
                continue;
            }

            var vector = Vector(other);
            var candidates = new List<ScoredItem>(slots) { new(item, Near(vector, item)) };
            foreach (var linked in row[1..])
            {
                candidates.Add(new ScoredItem(linked, Near(vector, linked)));
            }

            candidates.Sort(static (left, right) => right.Score.CompareTo(left.Score));
            Write(other, Choose(candidates, slots - 1), layer);
        }
    }

    private void Write(int item, List<int> links, int layer)
    {
        var slots = LinksOf(layer) + 1;
        var row = _layers[layer].AsSpan(item * slots, slots);
        row[0] = links.Count;
        for (var index = 0; index < links.Count; index++)
        {
            row[index + 1] = links[index];
        }
    }

    /// <summary>Of candidates, the nearest first, those that are nearer to the item than to one that was chosen; filled up with the nearest of the rest.</summary>
    private List<int> Choose(List<ScoredItem> candidates, int most)
    {
        var (chosen, rest) = (new List<int>(most), new List<int>());
        foreach (var candidate in candidates)
        {
            if (chosen.Count == most)
            {
                return chosen;
            }

            var vector = Vector(candidate.Item);
            var isFree = true;
            foreach (var other in chosen)
            {
                if (Near(vector, other) > candidate.Score)
                {
                    isFree = false;
                    break;
                }
            }

            (isFree ? chosen : rest).Add(candidate.Item);
        }

        chosen.AddRange(rest.Take(most - chosen.Count));
        return chosen;
    }

    private int Descend(ReadOnlySpan<float> query, int from, int to)
    {
        var (item, score) = (_entry, Near(query, _entry));
        for (var layer = from; layer > to; layer--)
        {
            for (var isMoving = true; isMoving;)
            {
                isMoving = false;
                foreach (var other in Neighbours(item, layer))
                {
                    var near = Near(query, other);
                    if (near > score)
                    {
                        (item, score, isMoving) = (other, near, true);
                    }
                }
            }
        }

        return item;
    }

    /// <summary>Fills the search with the <paramref name="width"/> nearest items that are reached from an entry, the nearest first.</summary>
    private void Nearest(ReadOnlySpan<float> query, int entry, int width, int layer, HnswSearch search)
    {
        search.Begin(width);
        search.IsNew(entry);
        search.Add(entry, Near(query, entry));
        Span<int> fresh = stackalloc int[LinksOf(layer)];
        while (search.TryExpand(out var current))
        {
            // The vectors lie anywhere: all are asked for before the first is waited for.
            var count = 0;
            foreach (var other in Neighbours(current, layer))
            {
                if (search.IsNew(other))
                {
                    Prefetch(other);
                    fresh[count++] = other;
                }
            }

            foreach (var other in fresh[..count])
            {
                search.Add(other, Near(query, other));
            }
        }
    }

    private unsafe void Prefetch(int item)
    {
        if (Sse.IsSupported)
        {
            // A hint: whether the array moves meanwhile does not matter.
            ref var vector = ref MemoryMarshal.GetReference(Vector(item));
            for (var place = 0; place < _stride; place += FloatsPerLine)
            {
                Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref vector, place)));
            }
        }
    }
}

using System.Numerics;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>The features of many texts, row after row. Immutable and thread safe.</summary>
public sealed class SparseRows
{
    private readonly long[] _starts;
    private readonly int[] _ids;
    private readonly float[] _values;

    private SparseRows(long[] starts, int[] ids, float[] values, int size)
    {
        (_starts, _ids, _values, Size) = (starts, ids, values, size);
    }

    /// <summary>Number of texts.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>Ids are 0 to this, exclusively.</summary>
    public int Size { get; }

    public ReadOnlySpan<int> Ids(int row) => _ids.AsSpan((int)_starts[row], (int)(_starts[row + 1] - _starts[row]));

    public ReadOnlySpan<float> Values(int row) => _values.AsSpan((int)_starts[row], (int)(_starts[row + 1] - _starts[row]));

    /// <summary>The same rows with numbers instead of ids, those of the ids in most of some rows first: what is looked up most lies side by side, where a processor's cache holds it.</summary>
    /// <param name="rows">The only ones that have features afterwards.</param>
    /// <param name="ids">Id of each number.</param>
    internal SparseRows Ranked(ReadOnlySpan<int> rows, out int[] ids)
    {
        var numbers = new int[Size];
        foreach (var row in rows)
        {
            foreach (var id in Ids(row))
            {
                numbers[id]++;
            }
        }

        ids = ByMagnitude(numbers);
        for (var number = 0; number < ids.Length; number++)
        {
            numbers[ids[number]] = number;
        }

        var ranked = new int[_starts[^1]];
        foreach (var row in rows)
        {
            var to = ranked.AsSpan((int)_starts[row]);
            var from = Ids(row);
            for (var place = 0; place < from.Length; place++)
            {
                to[place] = numbers[from[place]];
            }
        }

        return new SparseRows(_starts, ranked, _values, ids.Length);
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: more than 2 billion features.</exception>
    public static SparseRows Of(TextFeaturizer featurizer, IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(featurizer);
        ArgumentNullException.ThrowIfNull(texts);
        var workspace = new TextWorkspace();
        var starts = new long[texts.Count + 1];
        var (ids, values) = (new int[1 << 16], new float[1 << 16]);
        for (var row = 0; row < texts.Count; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            featurizer.Featurize(texts[row], workspace);
            var start = starts[row];
            starts[row + 1] = start + workspace.Ids.Length;
            if (starts[row + 1] > Array.MaxLength)
            {
                throw new TrainingException(
                    TrainingError.UnsuitableData, $"The first {row} of {texts.Count} texts have more than {Array.MaxLength} features; train on fewer texts.");
            }

            if (starts[row + 1] > ids.Length)
            {
                var room = (int)Math.Min(Array.MaxLength, Math.Max(starts[row + 1], ids.Length * 3L / 2));
                Array.Resize(ref ids, room);
                Array.Resize(ref values, room);
            }

            workspace.Ids.CopyTo(ids.AsSpan((int)start));
            workspace.Values.CopyTo(values.AsSpan((int)start));
        }

        return new SparseRows(starts, ids, values, featurizer.Size);
    }

    // Ids that are counted, by powers of two of how often.
    private static int[] ByMagnitude(int[] counts)
    {
        var starts = new int[33];
        foreach (var count in counts)
        {
            starts[count == 0 ? 32 : BitOperations.LeadingZeroCount((uint)count)]++;
        }

        var (sum, none) = (0, starts[32]);
        foreach (ref var start in starts.AsSpan())
        {
            (start, sum) = (sum, sum + start);
        }

        var ids = new int[counts.Length - none];
        for (var id = 0; id < counts.Length; id++)
        {
            if (counts[id] > 0)
            {
                ids[starts[BitOperations.LeadingZeroCount((uint)counts[id])]++] = id;
            }
        }

        return ids;
    }
}

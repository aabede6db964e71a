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
}

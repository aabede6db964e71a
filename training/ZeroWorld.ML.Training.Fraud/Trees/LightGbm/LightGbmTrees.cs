using System.Buffers;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>A fit of LightGBM: scored by the library, its trees read from the library's text.</summary>
internal sealed class LightGbmTrees : IFittedTrees
{
    // Rows are copied together for the library: so many at a time.
    private const int RowsPerCall = 4096;

    private readonly byte[] _text;
    private readonly LightGbmBooster _booster;

    /// <param name="text">UTF-8.</param>
    internal LightGbmTrees(byte[] text) => (_text, _booster) = (text, LightGbmThreads.RunUntold(() => LightGbmBooster.Load(text)));

    /// <inheritdoc/>
    public double Offset => 0;

    /// <inheritdoc/>
    public byte[] Save() => _text;

    /// <inheritdoc/>
    public IEnumerable<DecisionTree> ToTrees(double factor) => LightGbmText.Read(_text, factor * LightGbmEngine.Sigmoid);

    /// <inheritdoc/>
    public void AddScores(TrainingTable table, ReadOnlyMemory<int> rows, double factor, double[] sums)
    {
        var columns = table.FeatureNames.Count;
        var features = ArrayPool<float>.Shared.Rent(Math.Min(RowsPerCall, rows.Length) * columns);
        var scores = ArrayPool<double>.Shared.Rent(RowsPerCall);
        for (var first = 0; first < rows.Length; first += RowsPerCall)
        {
            var part = rows[first..Math.Min(rows.Length, first + RowsPerCall)];
            for (var index = 0; index < part.Length; index++)
            {
                table.Features(part.Span[index]).CopyTo(features.AsSpan(index * columns));
            }

            LightGbmThreads.Run(1, () =>
            {
                _booster.Score(features.AsSpan(0, part.Length * columns), columns, scores.AsSpan(0, part.Length));
                return true;
            });
            for (var index = 0; index < part.Length; index++)
            {
                sums[first + index] += factor * LightGbmEngine.Sigmoid * scores[index];
            }
        }

        ArrayPool<float>.Shared.Return(features);
        ArrayPool<double>.Shared.Return(scores);
    }
}

using Microsoft.ML;

namespace ZeroWorld.ML.Training.Fraud;

internal static class TrainingRows
{
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: one class only.</exception>
    internal static void CheckBothClasses(TrainingTable table, ReadOnlyMemory<int> rows)
    {
        ArgumentNullException.ThrowIfNull(table);
        var positives = table.CountPositives(rows.Span);
        if (positives == 0 || positives == rows.Length)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData,
                $"The {rows.Length} training rows hold {positives} frauds and {rows.Length - positives} genuine transactions; expected both.");
        }
    }

    internal static SortedDictionary<string, string> WithThreads(IReadOnlyDictionary<string, string> parameters) =>
        new(parameters.ToDictionary(), StringComparer.Ordinal) { ["thread_count"] = "1" };

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>.</exception>
    internal static void CheckSettings(string algorithm, string? problem)
    {
        if (problem is not null)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"{algorithm} setting {problem}");
        }
    }
}

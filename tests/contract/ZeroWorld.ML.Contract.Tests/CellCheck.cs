namespace ZeroWorld.ML.Contract.Tests;

/// <summary>Compares cells with what the table expects.</summary>
internal static class CellCheck
{
    private const double Tolerance = 1e-9;

    /// <param name="mayBeUnavailable">The store was given events of after q: it may say that it no longer knows, but never something else.</param>
    /// <returns><see langword="null"/>, or what differs.</returns>
    public static string? FindDifference(ExpectedCell expected, FeatureCell actual, bool isOnline, bool mayBeUnavailable)
    {
        if (actual.Status == FeatureStatus.Unavailable && isOnline && (mayBeUnavailable || expected.IsUnavailableOnline))
        {
            return null;
        }

        if (expected.IsUnavailableOnline && isOnline)
        {
            return $"status {actual.Status}, expected {FeatureStatus.Unavailable}";
        }

        if (actual.Status != expected.Status)
        {
            return $"status {actual.Status} (value {actual.Value}), expected {expected.Status}";
        }

        if (actual.IsDefaulted != expected.IsDefaulted)
        {
            return $"defaulted {actual.IsDefaulted}, expected {expected.IsDefaulted}";
        }

        if (!AreEqual(expected.Value, actual.Value))
        {
            return $"value {actual.Value} ({actual.Value.Type}), expected {expected.Value} ({expected.Value.Type})";
        }

        return expected.HasEventTime && isOnline && actual.EventTime != expected.EventTime
            ? $"event time {actual.EventTime?.ToString() ?? "null"}, expected {expected.EventTime?.ToString() ?? "null"}"
            : null;
    }

    private static bool AreEqual(FeatureValue expected, FeatureValue actual)
    {
        if (expected.IsNull || actual.IsNull || expected.Type != FeatureType.Float64 || actual.Type != FeatureType.Float64)
        {
            return expected.Equals(actual);
        }

        var (left, right) = (expected.AsFloat64(), actual.AsFloat64());
        return left.Equals(right) || Math.Abs(left - right) <= Tolerance * Math.Abs(left);
    }
}

namespace ZeroWorld.ML.Training;

/// <summary>How many rows a day people and machines may stop.</summary>
/// <param name="AlertsPerDay">Rows with the decision <c>review</c> or <c>block</c>, at most; 1 or more.</param>
/// <param name="BlocksPerDay">Rows with the decision <c>block</c> among them, at most; 1 to <paramref name="AlertsPerDay"/>.</param>
public sealed record AlertBudget(int AlertsPerDay, int BlocksPerDay)
{
    /// <summary>A share of the daily rows, so that the same policy fits small and large populations.</summary>
    /// <param name="rowsPerDay">Mean rows per day.</param>
    /// <param name="alertShare">Share of rows that may be alerts.</param>
    /// <param name="blockShare">Share of rows that may be blocked.</param>
    public static AlertBudget OfShare(double rowsPerDay, double alertShare, double blockShare)
    {
        var alerts = Math.Max(1, (int)(rowsPerDay * alertShare));
        return new AlertBudget(alerts, Math.Clamp((int)(rowsPerDay * blockShare), 1, alerts));
    }
}

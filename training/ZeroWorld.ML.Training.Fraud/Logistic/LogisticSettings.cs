using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Hyper-parameters of <see cref="LogisticFraudTrainer"/>, and nothing else.</summary>
public sealed record LogisticSettings
{
    /// <value>L2 penalty on the weights of the scaled features; 0 or more.</value>
    public double L2 { get; init; } = 1;

    /// <value>Weight of a positive row against a negative one; above 0.</value>
    public double PositiveWeight { get; init; } = 1;

    /// <summary>Names and values for lineage.</summary>
    public IReadOnlyDictionary<string, string> ToParameters() => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["l2"] = L2.ToString(CultureInfo.InvariantCulture),
        ["positive_weight"] = PositiveWeight.ToString(CultureInfo.InvariantCulture),
    };

    /// <returns>A sentence about the first setting outside its range, or <see langword="null"/>.</returns>
    internal string? FindProblem() => this switch
    {
        { L2: not (>= 0 and < double.PositiveInfinity) } => $"L2 is {L2}; expected 0 or more.",
        { PositiveWeight: not (> 0 and < double.PositiveInfinity) } => $"PositiveWeight is {PositiveWeight}; expected a number above 0.",
        _ => null,
    };
}

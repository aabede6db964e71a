namespace ZeroWorld.ML.Training;

/// <summary>One cell of a reproduced table.</summary>
/// <param name="Algorithm">A name out of <see cref="IReproduction.Algorithms"/>.</param>
/// <param name="Metric">The metric with its cut and kind, such as <c>HR@10 (99 sampled)</c>.</param>
/// <param name="Seeds">The metric of every seed, in the order of the request; one value where nothing is random.</param>
public sealed record ReproducedFigure(string Algorithm, string Metric, IReadOnlyList<double> Seeds)
{
    /// <value>Mean and sample standard deviation over the seeds.</value>
    public MeasuredValue Value => MeasuredValue.Of(Seeds);

    /// <value>The published figure; <see langword="null"/> where none is known.</value>
    public double? Published { get; init; }

    /// <value>Who published it.</value>
    public string? Source { get; init; }

    /// <value>What the mean must reach; <see langword="null"/> where there is no bar.</value>
    public double? Bar { get; init; }

    /// <value>Whether smaller is better, as for a Brier score. Default: no.</value>
    public bool IsLoss { get; init; }

    /// <value>Whether the mean reaches the bar; <see langword="null"/> without a bar.</value>
    public bool? IsMet => Bar is not { } bar ? null : IsLoss ? Value.Mean <= bar : Value.Mean >= bar;
}

using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Pipelines.Fraud;

/// <summary>Size and seed of a simulated card business. The defaults give about 330,000 transactions.</summary>
public sealed class SimulationOptions : IValidatableObject
{
    /// <value>Card holders, 1 to 1,000,000.</value>
    [Range(1, 1_000_000)]
    public int Customers { get; set; } = 1_250;

    /// <value>Terminals, 1 to 1,000,000.</value>
    [Range(1, 1_000_000)]
    public int Terminals { get; set; } = 2_500;

    /// <value>The first day (UTC).</value>
    public DateOnly Start { get; set; } = new(2018, 4, 1);

    /// <value>Days, 1 to 3,650.</value>
    [Range(1, 3_650)]
    public int Days { get; set; } = 136;

    public int Seed { get; set; } = 1;

    /// <value>
    /// How far customers go, in the plane of 100 x 100; above 0. <see langword="null"/>: as far as reaches about 79 terminals, which 5 does with 10,000 of them.
    /// </value>
    public double? Radius { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Radius is { } radius && !(radius > 0 && double.IsFinite(radius)))
        {
            yield return new ValidationResult($"Radius is {radius}; expected a number above 0.", [nameof(Radius)]);
        }

        if (Start.DayNumber > DateOnly.MaxValue.DayNumber - Days)
        {
            yield return new ValidationResult($"{Days} days from {Start:yyyy-MM-dd} end after the year 9999.", [nameof(Start)]);
        }
    }

    /// <returns>Everything that is wrong, or <see langword="null"/>.</returns>
    internal string? FindProblem()
    {
        var problems = new List<ValidationResult>();
        return Validator.TryValidateObject(this, new ValidationContext(this), problems, validateAllProperties: true)
            ? null
            : string.Join(" ", problems.Select(static problem => problem.ErrorMessage));
    }
}

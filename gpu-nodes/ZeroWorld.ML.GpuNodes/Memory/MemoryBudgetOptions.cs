using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.GpuNodes;

/// <summary>How much of each device's memory models may take together.</summary>
public sealed class MemoryBudgetOptions : IValidatableObject
{
    public const string Section = "GpuNodes:MemoryBudget";

    /// <summary>Share of the CPU's memory, more than 0 and at most 1. The rest is for the server, its stores and the page cache.</summary>
    /// <value>0.5</value>
    public double CpuShare { get; set; } = 0.5;

    /// <summary>Share of each GPU's memory, more than 0 and at most 1. The rest is for the CUDA context and the runtime's workspaces.</summary>
    /// <value>0.9</value>
    public double GpuShare { get; set; } = 0.9;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, share) in new[] { (nameof(CpuShare), CpuShare), (nameof(GpuShare), GpuShare) })
        {
            // Written so that NaN is refused too.
            if (!(share > 0 && share <= 1))
            {
                yield return new ValidationResult($"{Section}:{name} is {share}; expected more than 0 and at most 1.", [name]);
            }
        }
    }
}

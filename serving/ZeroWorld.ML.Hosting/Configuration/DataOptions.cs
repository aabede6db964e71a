using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Hosting;

/// <summary>Where state lives.</summary>
public sealed class DataOptions
{
    public const string Section = "";

    /// <summary>The data directory: registry, packages, tables, training sets, definitions, prediction log. Deleting it is a clean start.</summary>
    /// <value>Default <c>.zeroworld</c> in the current folder.</value>
    [Required]
    public string DataDirectory { get; set; } = ".zeroworld";
}

using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Cli;

/// <summary>Where a trained model goes; paths are full.</summary>
internal sealed record TrainingTarget
{
    /// <value>The model; its name is the experiment of the run too.</value>
    public required ModelName Model { get; init; }

    /// <value>The data directory.</value>
    public required string Directory { get; init; }

    /// <value>A new folder for the package, which is then not registered.</value>
    public string? Output { get; init; }

    /// <value>
    /// Alias that shall point at a version that passed the gate; <see langword="null"/>: <c>champion</c> for the first model, else <c>challenger</c>.
    /// </value>
    public string? Alias { get; init; }

    /// <value>A killed run to take up.</value>
    public string? Resume { get; init; }
}

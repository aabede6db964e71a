using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Cli;

/// <summary>What a family's training gets from the frame.</summary>
/// <param name="Run">The run, open.</param>
/// <param name="Champion">The model in place, to be scored on the same rows; <see langword="null"/> for the first one.</param>
/// <param name="PackageDirectory">Where the package goes: a new folder.</param>
/// <param name="Checkpoints">Where fits keep their state; removed when the run is over, kept when it is killed.</param>
/// <param name="Services">The runtime that serves, of this command alone, so that a running server is not in the way: scorers for parity and for the champion.</param>
internal sealed record TrainingContext(RunTracker Run, ModelPackage? Champion, string PackageDirectory, CheckpointFolder Checkpoints, IServiceProvider Services)
{
    public IModelScorer Scorer => Services.GetRequiredService<IModelScorer>();

    public ISparseScorer SparseScorer => Services.GetRequiredService<ISparseScorer>();
}

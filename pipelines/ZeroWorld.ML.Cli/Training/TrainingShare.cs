using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Cli;

/// <summary>Steps of a training as the share that a bar shows.</summary>
internal sealed class TrainingShare(IProgress<double> progress) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => progress.Report((double)value.Done / Math.Max(1, value.Total));
}

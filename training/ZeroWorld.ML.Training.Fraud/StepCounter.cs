namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Counts the steps of a training for whoever watches.</summary>
internal sealed class StepCounter(int total, IProgress<TrainingProgress>? progress)
{
    private int _done;

    internal void Finish(string stage, string detail) => progress?.Report(new TrainingProgress(stage, detail, ++_done, total));

    /// <summary>One step per trial of a search.</summary>
    internal IProgress<Trial> ForTrials(TemporalSplit split, int trials) => new TrialSteps(this, split, trials);

    private sealed class TrialSteps(StepCounter steps, TemporalSplit split, int trials) : IProgress<Trial>
    {
        public void Report(Trial value) => steps.Finish(
            "search", $"{split.Name}: trial {value.Index + 1} of {trials}, validation average precision {value.ValidationAveragePrecision:F4}");
    }
}

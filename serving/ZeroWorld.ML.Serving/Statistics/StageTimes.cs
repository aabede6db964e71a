namespace ZeroWorld.ML.Serving;

/// <summary>Where the time of one request went so far, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
/// <param name="Decode">See <see cref="RequestStage.Decode"/>.</param>
/// <param name="Features">See <see cref="RequestStage.Features"/>; 0 for requests with tensors.</param>
/// <param name="Run">The stages of the run that it shared.</param>
/// <param name="IsCached">Whether it had none.</param>
internal readonly record struct StageTimes(long Decode, long Features, RunTimes Run, bool IsCached = false)
{
    public long Sum => Decode + Features + Run.Queue + Run.Input + Run.Infer + Run.Output;
}

namespace ZeroWorld.ML.Serving;

/// <summary>Where the time of one request in a run went, in ticks of the engine's clock, which is <see cref="System.Diagnostics.Stopwatch"/>'s. Every request of a run carries the whole run's times.</summary>
/// <param name="Queue">From its arrival at the scheduler to the start of the run.</param>
/// <param name="Input">Joining the inputs of the run.</param>
/// <param name="Infer">The model.</param>
/// <param name="Output">Parting its outputs.</param>
internal readonly record struct RunTimes(long Queue, long Input, long Infer, long Output);

namespace ZeroWorld.ML.Training;

/// <summary>What an <see cref="EvaluationGate"/> decided, and why.</summary>
/// <param name="IsPassed">Whether the challenger may take the champion's place.</param>
/// <param name="Gain">The challenger's gain over the champion: greater is better, also for a loss. <see langword="null"/> without a champion.</param>
/// <param name="Reason">One sentence with the numbers.</param>
public sealed record GateVerdict(bool IsPassed, BootstrapInterval? Gain, string Reason);

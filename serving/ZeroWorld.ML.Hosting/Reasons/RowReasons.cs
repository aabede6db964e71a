using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Hosting;

/// <summary>Why a row got its score.</summary>
/// <param name="BaseValue">The mean score over the training rows, before its link.</param>
/// <param name="Codes">The greatest absolute contribution first; empty for a row that could not be scored.</param>
internal readonly record struct RowReasons(double BaseValue, IReadOnlyList<ReasonCode> Codes);

using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Hosting;

/// <summary>Decisions of one model as rows of a prediction log. Thread safe.</summary>
/// <param name="version">0 for a package that is not registered.</param>
public sealed class DecisionLog(PredictionLog log, ModelName model, long version, ITextModel textModel) : IDecisionLog
{
    /// <summary>A prediction log in a folder, for processes that are no server. Several may write to one folder: each file has a name of its own.</summary>
    /// <param name="folder">Such as <c>prediction-log</c> of a data directory, where <c>zwml replay</c> finds it.</param>
    /// <param name="logger">Is told of files that cannot be written; they are tried again.</param>
    public static PredictionLog OpenFolder(string folder, TimeProvider time, ILogger<PredictionLog> logger) =>
        PredictionLog.Open(new ParquetPredictionLogSink(new ParquetRowSink(folder)), new PredictionLogOptions(), time, logger);

    public string Add(ModerationItem item, ModerationDecision decision, ModerationPolicy policy, ScoredText scored, TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(decision);
        return log.Add(DecisionRows.Of(item, decision, policy, scored, textModel), model, version, decision.Model, decision.Time, duration);
    }
}

using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>Where decisions are kept with what they were made of, so that each can be made again (docs/formats/prediction-log.md).</summary>
/// <remarks>Thread safe. Never waits: what it cannot take is dropped and counted.</remarks>
public interface IDecisionLog
{
    /// <param name="policy">The policy that decided.</param>
    /// <param name="scored">What the model gave.</param>
    /// <param name="duration">What the decision took.</param>
    /// <returns>Id under which it is kept.</returns>
    string Add(ModerationItem item, ModerationDecision decision, ModerationPolicy policy, ScoredText scored, TimeSpan duration);
}

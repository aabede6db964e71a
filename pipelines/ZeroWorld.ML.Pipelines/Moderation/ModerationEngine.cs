using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>Decides about items by one model and the policy in force.</summary>
/// <remarks>Thread safe: a decision takes one snapshot of the policy; each thread brings a workspace. A policy of another model is refused: its thresholds mean nothing here.</remarks>
public sealed class ModerationEngine
{
    private const int ReasonsMax = 5;

    private readonly ITextModel _model;
    private readonly string _digest;
    private readonly TimeProvider _time;
    private volatile ModerationPolicy _policy;

    /// <param name="digest">Of the model's package.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the policy is of another model.</exception>
    public ModerationEngine(ITextModel model, string digest, ModerationPolicy policy, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(time);
        (_model, _digest, _time, _policy) = (model, digest, time, Checked(policy, digest));
    }

    public ModerationPolicy Policy => _policy;

    public ITextModel Model => _model;

    /// <summary>Puts a package's model and a policy together.</summary>
    /// <param name="model">Of the package.</param>
    /// <param name="policyPath"><see langword="null"/> for <c>policy.json</c> in the package's folder.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: there is no policy, or it is of another model.</exception>
    public static ModerationEngine Open(ModelPackage package, ITextModel model, string? policyPath, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(model);
        return new ModerationEngine(model, package.Digest, ModerationPolicy.Read(policyPath ?? Path.Combine(package.Directory, "policy.json"), model.Labels), time);
    }

    /// <summary>Puts a new version of the policy in force for every later decision; the one in force once more changes nothing.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: as <see cref="Check"/>; the old one stays.</exception>
    public void Change(ModerationPolicy policy)
    {
        Check(policy);
        _policy = policy;
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the policy is of another model, or no later version than the one in force, but another content.</exception>
    public void Check(ModerationPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var before = _policy;
        if (policy.Version <= before.Version && policy.ContentDigest != before.ContentDigest)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"policy '{policy.Name}': version {policy.Version} is not after version {before.Version}, which is in force; each change needs a new version.");
        }

        Checked(policy, _digest);
    }

    /// <param name="offset">Place of the item in its input.</param>
    /// <param name="log">Keeps the decision; <see langword="null"/>: nobody does.</param>
    public ModerationDecision Decide(ModerationItem item, string offset, TextWorkspace workspace, IDecisionLog? log = null)
    {
        ArgumentNullException.ThrowIfNull(item);
        var started = _time.GetTimestamp();
        return Decide(item, offset, workspace, log, _model.Score(item.Text, workspace), started);
    }

    /// <summary>As <see cref="Decide(ModerationItem, string, TextWorkspace, IDecisionLog?)"/>, with what <see cref="Model"/> gave the text.</summary>
    /// <param name="started">When that began, by the engine's clock.</param>
    public ModerationDecision Decide(ModerationItem item, string offset, TextWorkspace workspace, IDecisionLog? log, ScoredText scored, long started)
    {
        var policy = _policy;
        var decision = Decide(item, offset, workspace, policy, scored);
        return log is null ? decision : decision with { PredictionId = log.Add(item, decision, policy, scored, _time.GetElapsedTime(started)) };
    }

    /// <summary>Decides about all items by what <see cref="Model"/> gives them in as few runs as it can.</summary>
    /// <returns>In their order.</returns>
    public IReadOnlyList<ModerationDecision> DecideAll(IReadOnlyList<(string Offset, ModerationItem Item)> items, TextWorkspace workspace, IDecisionLog? log)
    {
        ArgumentNullException.ThrowIfNull(items);
        var started = _time.GetTimestamp();
        var scored = _model.ScoreMany([.. items.Select(static item => item.Item.Text)], workspace);
        return [.. items.Select((item, place) => Decide(item.Item, item.Offset, workspace, log, scored[place], started))];
    }

    /// <summary>As <see cref="Decide(ModerationItem, string, TextWorkspace, IDecisionLog?)"/>, by a policy of this model that need not be in force.</summary>
    /// <param name="policy">Its labels are the model's.</param>
    /// <param name="scored">What <see cref="Model"/> gave the text.</param>
    public ModerationDecision Decide(ModerationItem item, string offset, TextWorkspace workspace, ModerationPolicy policy, ScoredText scored)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(workspace);
        ArgumentNullException.ThrowIfNull(policy);
        var (scores, isTruncated) = scored;
        var (action, label) = policy.Decide(_model.Labels, scores, item.Language, item.Surface);
        var byLabel = new Dictionary<string, float>(scores.Length, StringComparer.Ordinal);
        for (var place = 0; place < scores.Length; place++)
        {
            byLabel.Add(_model.Labels[place], scores[place]);
        }

        return new ModerationDecision
        {
            Offset = offset,
            Id = item.Id,
            Action = ActionName(action),
            Label = label < 0 ? null : _model.Labels[label],
            Scores = byLabel,
            Reasons = label < 0 ? [] : _model.Explain(item.Text, label, ReasonsMax, workspace),
            Policy = policy.Name,
            PolicyVersion = policy.Version,
            Model = _digest,
            Time = _time.GetUtcNow(),
            IsTruncated = isTruncated,
        };
    }

    internal static string ActionName(ModerationAction action) => action switch
    {
        ModerationAction.Block => "block",
        ModerationAction.Review => "review",
        _ => "allow",
    };

    private static ModerationPolicy Checked(ModerationPolicy policy, string digest) => policy.Model == digest
        ? policy
        : throw new TrainingException(
            TrainingError.InvalidInput,
            $"policy '{policy.Name}' version {policy.Version} has thresholds of model {policy.Model}; this is model {digest}: map them to it on held-out texts first (zwml moderate map-policy).");
}

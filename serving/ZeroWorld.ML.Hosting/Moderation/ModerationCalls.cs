using System.Globalization;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>Answers <c>Score</c>, for gRPC and REST: finds the version and its policy, decides, and logs the decision.</summary>
/// <remarks>Thread safe; each caller brings a workspace.</remarks>
internal sealed class ModerationCalls(ServableManager servables, ModerationEngines engines, PredictionLog log)
{
    /// <param name="named">The request whose project, model and version count.</param>
    /// <param name="place">Of the item in its stream, counted from 1.</param>
    public async ValueTask<ScoreResponse> DecideAsync(ScoreRequest request, ScoreRequest named, long place, TextWorkspace workspace, CancellationToken cancellationToken)
    {
        var response = new ScoreResponse { Id = request.Id };
        if (ModerationItem.TryCreate(request.Id, request.Text, request.Language, request.Surface, out var reason) is not { } item)
        {
            ModerationMetrics.Refused();
            response.Refused = reason;
            return response;
        }

        var model = new ModelName(named.Project.Length == 0 ? ModelName.DefaultProject : named.Project, named.Model);
        using var lease = await servables.AcquireAsync(model, SelectorOf(named), cancellationToken).ConfigureAwait(false);
        var servable = lease.Servable;
        var decision = await engines.DecideAsync(
            servable,
            item,
            place.ToString(CultureInfo.InvariantCulture),
            workspace,
            textModel => new DecisionLog(log, servable.Model, servable.Version, textModel),
            cancellationToken).ConfigureAwait(false);
        ModerationMetrics.Decided(decision);
        response.Decision = ToMessage(decision, servable.Version);
        return response;
    }

    private static VersionSelector SelectorOf(ScoreRequest request) => request.VersionSelectorCase switch
    {
        ScoreRequest.VersionSelectorOneofCase.Version => request.Version >= 1
            ? VersionSelector.OfVersion(request.Version)
            : throw new ServingException(ServingError.InvalidInput, $"version is {request.Version}; expected 1 or more, or none for the alias '{VersionSelector.ChampionAlias}'."),
        ScoreRequest.VersionSelectorOneofCase.Alias => VersionSelector.OfAlias(request.Alias),
        _ => VersionSelector.Champion,
    };

    private static ScoredDecision ToMessage(ModerationDecision decision, long version)
    {
        var message = new ScoredDecision
        {
            Action = decision.Action switch { "block" => ModerationAction.Block, "review" => ModerationAction.Review, _ => ModerationAction.Allow },
            Label = decision.Label ?? "",
            Policy = decision.Policy,
            PolicyVersion = decision.PolicyVersion,
            ModelVersion = version,
            PackageDigest = decision.Model,
            Time = decision.Time.ToUnixTimeMilliseconds() * 1000,
            Truncated = decision.IsTruncated,
            PredictionId = decision.PredictionId,
        };
        message.Scores.Add(new Dictionary<string, float>(decision.Scores));
        message.Reasons.AddRange(decision.Reasons.Select(static reason => new ScoreReason { Start = reason.Start, End = reason.End, Text = reason.Text, Share = reason.Share }));
        return message;
    }
}

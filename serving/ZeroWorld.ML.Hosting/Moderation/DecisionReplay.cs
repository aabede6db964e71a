using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Hosting;

/// <summary>Decides about a logged item again, by the package and the rules that decided then, and compares bit for bit.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class DecisionReplay(TextModels models, TimeProvider time) : IPackageReplay
{
    public bool IsOf(ModelPackage package, LoggedPrediction row) => TextModels.IsOf(package.Manifest) && DecisionRows.IsDecision(row);

    public async Task<ReplayReport> ReplayAsync(ModelPackage package, LoggedPrediction row, CancellationToken cancellationToken)
    {
        var (item, policy) = DecisionRows.QuestionOf(row);
        var (logged, replayed, build) = await Task.Run(() => Decide(package, row, item, policy), cancellationToken).ConfigureAwait(false);
        var differences = new List<string>();
        foreach (var (before, now) in logged.Zip(replayed))
        {
            if (!before.Tensor.ToRaw().Span.SequenceEqual(now.Tensor.ToRaw().Span))
            {
                differences.Add($"output '{before.Name}': what was logged and what is decided now are not the same");
            }
        }

        return new ReplayReport
        {
            PredictionId = row.PredictionId,
            Model = new ModelName(row.Project, row.Model),
            Version = row.ModelVersion,
            IsEqual = differences.Count == 0,
            IsSameBuild = row.RuntimeBuild == build,
            LoggedBuild = row.RuntimeBuild,
            CurrentBuild = build,
            Rows = 1,
            LoggedOutputs = logged,
            ReplayedOutputs = replayed,
            FeatureColumns = [],
            FeatureCells = Array.Empty<FeatureCell>(),
            Times = new[] { row.Time },
            Differences = differences,
        };
    }

    private (IReadOnlyList<PredictionOutput> Logged, IReadOnlyList<PredictionOutput> Replayed, string Build) Decide(ModelPackage package, LoggedPrediction row, ModerationItem item, ModerationPolicy policy)
    {
        try
        {
            var model = models.Open(package);
            using var owned = model as IDisposable;
            var logged = DecisionRows.OutputsOf(row, model.Labels.Count);
            var workspace = new TextWorkspace();
            var scored = DecisionRows.ScoreAgain(row, model, item.Text, workspace);
            var decision = new ModerationEngine(model, package.Digest, policy, time).Decide(item, "1", workspace, policy, scored);
            return (logged, DecisionRows.OutputsOf(decision, model.Labels), model.Build ?? AnsweredRow.ManagedBuild);
        }
        catch (TrainingException exception)
        {
            throw new ServingException(ServingError.CorruptPackage, $"The package of prediction '{row.PredictionId}' cannot be read: {exception.Message}", exception);
        }
    }
}

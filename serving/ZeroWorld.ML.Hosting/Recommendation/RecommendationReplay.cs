using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Recommendation;

namespace ZeroWorld.ML.Hosting;

/// <summary>Asks a logged question again, of the package that answered and with the recent items that were read then, and compares bit for bit.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class RecommendationReplay(Recommenders recommenders) : IPackageReplay
{
    public bool IsOf(ModelPackage package, LoggedPrediction row) => package.Manifest.Files.ContainsKey(RecommenderBundle.FileName);

    public async Task<ReplayReport> ReplayAsync(ModelPackage package, LoggedPrediction row, CancellationToken cancellationToken)
    {
        var engine = await recommenders.GetAsync(package, $"Model '{row.Model}' version {row.ModelVersion}", cancellationToken).ConfigureAwait(false);
        var request = RecommendationRows.RequestOf(row);
        RecommendationQuestion.Check(request);
        var recent = RecommendationRows.RecentOf(row);
        var logged = RecommendationRows.OutputsOf(row);
        var replayed = RecommendationRows.OutputsOf(await Task.Run(() => RecommendationQuestion.Answer(engine, request, recent), cancellationToken).ConfigureAwait(false));
        var differences = new List<string>();
        for (var index = 0; index < logged.Count; index++)
        {
            if (!logged[index].Tensor.ToRaw().Span.SequenceEqual(replayed[index].Tensor.ToRaw().Span))
            {
                differences.Add($"output '{logged[index].Name}': the {logged[index].Tensor.ElementCount} logged values and the {replayed[index].Tensor.ElementCount} now are not the same");
            }
        }

        // What the log holds of the list is a text; numbers were ids.
        ServiceColumn[] columns = [.. row.FeatureNames.Select(static name => new ServiceColumn { Name = name, Type = FeatureType.StringList })];
        var value = recent.Count > 0 ? FeatureValue.FromStringList(recent.Reverse().ToArray()) : FeatureValue.Null(FeatureType.StringList);
        return new ReplayReport
        {
            PredictionId = row.PredictionId,
            Model = new ModelName(row.Project, row.Model),
            Version = row.ModelVersion,
            IsEqual = differences.Count == 0,
            IsSameBuild = row.RuntimeBuild == AnsweredRow.ManagedBuild,
            LoggedBuild = row.RuntimeBuild,
            CurrentBuild = AnsweredRow.ManagedBuild,
            Rows = 1,
            LoggedOutputs = logged,
            ReplayedOutputs = replayed,
            FeatureColumns = columns,
            FeatureCells = columns.Select((_, index) => new FeatureCell(value, row.FeatureStatuses[index], row.FeatureEventTimes[index], row.FeatureDefaulted[index])).ToArray(),
            Times = new[] { row.Time },
            Differences = differences,
        };
    }
}

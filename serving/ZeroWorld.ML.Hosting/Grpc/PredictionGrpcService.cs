using Grpc.Core;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.V1;
using RowError = ZeroWorld.ML.V1.RowError;

namespace ZeroWorld.ML.Hosting;

/// <summary><c>zeroworld.ml.v1.PredictionService</c>.</summary>
internal sealed class PredictionGrpcService(PredictionPath predictions, PredictionReplay replay) : PredictionService.PredictionServiceBase
{
    public override async Task<PredictResponse> Predict(PredictRequest request, ServerCallContext context)
    {
        var result = await predictions.PredictAsync(ToRequest(request, context), context.CancellationToken).ConfigureAwait(false);
        return ToResponse(result, request.OmitFeatures);
    }

    public override async Task<ReplayPredictionResponse> ReplayPrediction(ReplayPredictionRequest request, ServerCallContext context)
    {
        var report = await replay.ReplayAsync(request.Project, request.PredictionId, context.CancellationToken).ConfigureAwait(false);
        var response = new ReplayPredictionResponse
        {
            Model = report.Model.Name,
            ModelVersion = report.Version,
            Equal = report.IsEqual,
            SameBuild = report.IsSameBuild,
        };
        foreach (var output in report.LoggedOutputs)
        {
            ColumnWriter.AddOutput(response.LoggedOutputs, output, report.Rows);
        }

        foreach (var output in report.ReplayedOutputs)
        {
            ColumnWriter.AddOutput(response.ReplayedOutputs, output, report.Rows);
        }

        ColumnWriter.AddFeatures(response.Features, report.FeatureColumns, report.FeatureCells.Span, report.Rows);
        foreach (var time in report.Times.Span)
        {
            response.Times.Add(time);
        }

        return response;
    }

    private static PredictionRequest ToRequest(PredictRequest request, ServerCallContext context) => new()
    {
        Project = request.Project,
        Model = request.Model,
        Selector = request.VersionSelectorCase switch
        {
            PredictRequest.VersionSelectorOneofCase.Version => Version(request.Version),
            PredictRequest.VersionSelectorOneofCase.Alias => VersionSelector.OfAlias(request.Alias),
            _ => VersionSelector.Champion,
        },
        Entities = ColumnReader.Read(request.Entities),
        Request = ColumnReader.Read(request.Request),
        Deadline = context.Deadline == DateTime.MaxValue ? null : new DateTimeOffset(context.Deadline),
    };

    private static VersionSelector Version(long version) => version >= 1
        ? VersionSelector.OfVersion(version)
        : throw new ServingException(ServingError.InvalidInput, $"version is {version}; expected 1 or more, or none for the alias '{VersionSelector.ChampionAlias}'.");

    private static PredictResponse ToResponse(PredictionResult result, bool omitFeatures)
    {
        var response = new PredictResponse
        {
            PredictionId = result.PredictionId,
            Project = result.Model.Project,
            Model = result.Model.Name,
            ModelVersion = result.Version,
        };
        foreach (var output in result.Outputs)
        {
            ColumnWriter.AddOutput(response.Outputs, output, result.Rows);
        }

        if (result.Decisions.Count > 0)
        {
            response.Decisions.Capacity = result.Decisions.Count;
            response.Decisions.AddRange(result.Decisions);
        }

        if (!omitFeatures)
        {
            ColumnWriter.AddFeatures(response.Features, result.FeatureColumns, result.FeatureCells.Span, result.Rows);
        }

        foreach (var error in result.RowErrors)
        {
            response.RowErrors.Add(new RowError { Row = (uint)error.Row, Code = (int)CallFailure.ToStatusCode(error.Error), Message = error.Message });
        }

        return response;
    }
}

using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary><c>zeroworld.ml.v1.PredictionService</c>.</summary>
internal sealed class PredictionGrpcService(PredictionReasons predictions, PredictionReplay replay, RecommendationCalls recommendations, GrpcErrors errors) : PredictionGrpcServiceBase
{
    public override async Task<PredictionReply> Predict(PredictRequest request, ServerCallContext context)
    {
        errors.ThrowIfExpired(context);
        try
        {
            var (result, reasons) = await predictions.PredictAsync(
                ToRequest(request, GrpcErrors.DeadlineOf(context), Stopwatch.GetTimestamp()), request.Reasons, context.CancellationToken).ConfigureAwait(false);
            return new PredictionReply(result, request.OmitFeatures) { Reasons = reasons };
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw errors.Translate(exception, context);
        }
    }

    public override async Task<ReplayPredictionResponse> ReplayPrediction(ReplayPredictionRequest request, ServerCallContext context)
    {
        errors.ThrowIfExpired(context);
        try
        {
            return ToResponse(await replay.ReplayAsync(request.Project, request.PredictionId, context.CancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw errors.Translate(exception, context);
        }
    }

    public override async Task<RecommendReply> Recommend(RecommendRequest request, ServerCallContext context)
    {
        errors.ThrowIfExpired(context);
        try
        {
            return await recommendations.RecommendAsync(request, Stopwatch.GetTimestamp(), context.CancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw errors.Translate(exception, context);
        }
    }

    private static ReplayPredictionResponse ToResponse(ReplayReport report)
    {
        var response = new ReplayPredictionResponse
        {
            Model = report.Model.Name,
            ModelVersion = report.Version,
            Equal = report.IsEqual,
            SameBuild = report.IsSameBuild,
        };
        foreach (var time in report.Times.Span)
        {
            response.Times.Add(time);
        }

        using var writer = new ReverseProtoWriter(0);
        ColumnWriter.WriteFeatures(writer, ReplayPredictionResponse.FeaturesFieldNumber, report.FeatureColumns, report.FeatureCells.Span, report.Rows);
        ColumnWriter.WriteOutputs(writer, ReplayPredictionResponse.ReplayedOutputsFieldNumber, report.ReplayedOutputs, report.Rows);
        ColumnWriter.WriteOutputs(writer, ReplayPredictionResponse.LoggedOutputsFieldNumber, report.LoggedOutputs, report.Rows);
        response.MergeFrom(writer.Written);
        return response;
    }

    /// <param name="received">Timestamp of <see cref="Stopwatch"/> when the message was given to the decoder.</param>
    internal static PredictionRequest ToRequest(PredictRequest request, DateTimeOffset? deadline, long received) => new()
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
        Deadline = deadline,
        Received = received,
    };

    private static VersionSelector Version(long version) => version >= 1
        ? VersionSelector.OfVersion(version)
        : throw new ServingException(ServingError.InvalidInput, $"version is {version}; expected 1 or more, or none for the alias '{VersionSelector.ChampionAlias}'.");
}

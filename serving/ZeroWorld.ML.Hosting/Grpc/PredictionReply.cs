using System.Buffers;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.V1;
using RowError = ZeroWorld.ML.V1.RowError;

namespace ZeroWorld.ML.Hosting;

/// <summary>The answer of <c>PredictionService.Predict</c> before it is bytes.</summary>
/// <param name="Result">What was predicted.</param>
/// <param name="OmitsFeatures">Whether the features stay out of the answer.</param>
internal sealed record PredictionReply(PredictionResult Result, bool OmitsFeatures)
{
    // One row of some tens of features; more grows it.
    internal const int Capacity = 2048;

    /// <summary>Writes a PredictResponse (prediction.proto).</summary>
    public void WriteTo(Grpc.Core.SerializationContext context)
    {
        using var writer = new ReverseProtoWriter(Capacity);
        Write(writer);
        context.SetPayloadLength(writer.Length);
        context.GetBufferWriter().Write(writer.Written);
        context.Complete();
        Result.Answered.Finish();
    }

    internal void Write(ReverseProtoWriter writer)
    {
        for (var index = Result.RowErrors.Count - 1; index >= 0; index--)
        {
            var error = Result.RowErrors[index];
            var mark = writer.Length;
            writer.WriteStringField(RowError.MessageFieldNumber, error.Message);
            writer.WriteVarintField(RowError.CodeFieldNumber, (int)CallFailure.ToStatusCode(error.Error));
            writer.WriteVarintField(RowError.RowFieldNumber, error.Row);
            writer.EndField(PredictResponse.RowErrorsFieldNumber, mark);
        }

        if (!OmitsFeatures)
        {
            ColumnWriter.WriteFeatures(writer, PredictResponse.FeaturesFieldNumber, Result.FeatureColumns, Result.FeatureCells.Span, Result.Rows);
        }

        for (var index = Result.Decisions.Count - 1; index >= 0; index--)
        {
            writer.WriteStringElement(PredictResponse.DecisionsFieldNumber, Result.Decisions[index]);
        }

        ColumnWriter.WriteOutputs(writer, PredictResponse.OutputsFieldNumber, Result.Outputs, Result.Rows);

        writer.WriteVarintField(PredictResponse.ModelVersionFieldNumber, Result.Version);
        writer.WriteStringField(PredictResponse.ModelFieldNumber, Result.Model.Name);
        writer.WriteStringField(PredictResponse.ProjectFieldNumber, Result.Model.Project);
        writer.WriteStringField(PredictResponse.PredictionIdFieldNumber, Result.PredictionId);
    }
}

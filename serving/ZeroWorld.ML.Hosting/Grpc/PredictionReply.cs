using System.Buffers;
using Google.Protobuf;
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

    /// <value>One per row; <see langword="null"/> where none were asked for.</value>
    public IReadOnlyList<RowReasons>? Reasons { get; init; }

    /// <summary>Writes a PredictResponse (prediction.proto).</summary>
    public void WriteTo(Grpc.Core.SerializationContext context)
    {
        using var writer = new ReverseProtoWriter(Capacity);
        Write(writer);
        context.SetPayloadLength(writer.Length);
        context.GetBufferWriter().Write(writer.Written);
        context.Complete();
        Finish();
    }

    /// <summary>The answer is bytes, and nobody looks at it any more. Called once.</summary>
    internal void Finish()
    {
        Result.Answered.Finish();
        Result.Release();
    }

    internal void Write(ReverseProtoWriter writer)
    {
        if (Reasons is not null)
        {
            WriteReasons(writer, Reasons);
        }

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

    private static void WriteReasons(ReverseProtoWriter writer, IReadOnlyList<RowReasons> reasons)
    {
        for (var row = reasons.Count - 1; row >= 0; row--)
        {
            var rowMark = writer.Length;
            for (var index = reasons[row].Codes.Count - 1; index >= 0; index--)
            {
                var code = reasons[row].Codes[index];
                var mark = writer.Length;
                writer.WriteDouble(code.Contribution);
                writer.WriteTag(ReasonCode.ContributionFieldNumber, WireFormat.WireType.Fixed64);
                writer.WriteStringField(ReasonCode.FeatureFieldNumber, code.Column);
                writer.EndField(V1.RowReasons.CodesFieldNumber, mark);
            }

            writer.WriteDouble(reasons[row].BaseValue);
            writer.WriteTag(V1.RowReasons.BaseValueFieldNumber, WireFormat.WireType.Fixed64);
            writer.EndField(PredictResponse.ReasonsFieldNumber, rowMark);
        }
    }
}

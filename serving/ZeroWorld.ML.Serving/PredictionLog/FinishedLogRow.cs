using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>An answer of one row that was made a row of the log by whoever answered. A large one counts as several.</summary>
internal sealed record FinishedLogRow(LoggedPrediction Row, ModelName Model, DateTimeOffset ReceivedAt) : PredictionLogItem
{
    // About what a row of a hundred features takes.
    private const int RowBytes = 4096;

    public override ModelName Model { get; } = Model;

    public override DateTimeOffset ReceivedAt { get; } = ReceivedAt;

    public override string PredictionId => Row.PredictionId;

    public override int RowCount => 1;

    public override int Weight => 1 + (((Row.Output?.Length ?? 0) + (Row.Request?.Length ?? 0) + Row.FeatureTexts.Sum(static text => text?.Length ?? 0)) / RowBytes);

    public static FinishedLogRow Of(AnsweredRow answer, string id, ModelName model, long version, string digest, DateTimeOffset received, TimeSpan duration)
    {
        var time = UnixMicroseconds.FromDateTimeOffset(received);
        var row = new LoggedPrediction
        {
            PredictionId = id,
            Row = 0,
            Project = model.Project,
            Model = model.Name,
            ModelVersion = version,
            PackageDigest = digest,
            ServiceFingerprint = answer.ServiceFingerprint,
            RuntimeBuild = answer.Build,
            ReceivedTime = time,
            Time = time,
            Entities = answer.Entities,
            Request = answer.Request,
            FeatureNames = [.. answer.Features.Select(static feature => feature.Column)],
            FeatureValues = [.. answer.Features.Select(static _ => (double?)null)],
            FeatureTexts = [.. answer.Features.Select(static feature => LoggedValues.ToText(feature.Cell.Value))],
            FeatureStatuses = [.. answer.Features.Select(static feature => feature.Cell.Status)],
            FeatureEventTimes = [.. answer.Features.Select(static feature => feature.Cell.EventTime)],
            FeatureDefaulted = [.. answer.Features.Select(static feature => feature.Cell.IsDefaulted)],
            OutputNames = [.. answer.Outputs.Select(static output => output.Name)],
            Output = LoggedValues.ConcatenateOutputs(answer.Outputs, 0),
            Decision = answer.Decision,
            BatchRows = answer.BatchRows,
            BatchRow = answer.BatchRow,
            Duration = (long)duration.TotalNanoseconds,
        };
        return new FinishedLogRow(row, model, received);
    }

    public override void AddTo(PredictionLogColumns columns) => columns.Add(Row);
}

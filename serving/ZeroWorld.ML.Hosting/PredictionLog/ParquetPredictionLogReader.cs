using System.Globalization;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Reads the prediction log (docs/formats/prediction-log.md) back from its Parquet files.</summary>
internal sealed class ParquetPredictionLogReader(IRowSource source) : IPredictionLogReader
{
    public async Task<IReadOnlyList<LoggedPrediction>> FindAsync(string project, string predictionId, DateOnly date, CancellationToken cancellationToken)
    {
        if (!ModelName.IsValid(project))
        {
            throw new ServingException(ServingError.InvalidInput, $"'{project}' is no name of a project.");
        }

        // The model is not known yet: its partitions of that day are all looked at.
        var day = string.Create(CultureInfo.InvariantCulture, $"date={date:yyyy-MM-dd}");
        var models = await source.ListFoldersAsync($"project={project}", cancellationToken).ConfigureAwait(false);
        string[] folders = [.. models.Select(model => $"{model}/{day}")];
        var rows = await source.FindAsync(folders, "prediction_id", predictionId, "row", cancellationToken).ConfigureAwait(false);
        return [.. rows.Select(Read)];
    }

    private static LoggedPrediction Read(ParquetRow row)
    {
        var format = (int)row.GetInt64("format");
        if (format != LoggedPrediction.CurrentFormat)
        {
            throw new FeatureException(FeatureError.CorruptData, $"The prediction was logged in format {format}; this build reads format {LoggedPrediction.CurrentFormat}.");
        }

        return new LoggedPrediction
        {
            Format = format,
            PredictionId = row.GetText("prediction_id"),
            Row = (int)row.GetInt64("row"),
            Project = row.GetText("project"),
            Model = row.GetText("model"),
            ModelVersion = row.GetInt64("model_version"),
            PackageDigest = row.GetText("package_digest"),
            ServiceFingerprint = row.GetText("service_fingerprint"),
            RuntimeBuild = row.GetText("runtime_build"),
            ReceivedTime = row.GetInt64("received_time"),
            Time = row.GetInt64("time"),
            Entities = row.FindText("entities"),
            Request = row.FindText("request"),
            FeatureNames = row.GetList("feature_names", static value => (string)value!),
            FeatureValues = row.GetList("feature_values", static value => (double?)value),
            FeatureTexts = row.GetList("feature_texts", static value => (string?)value),
            FeatureStatuses = row.GetList("feature_statuses", static value => (FeatureStatus)Convert.ToInt32(value, CultureInfo.InvariantCulture)),
            FeatureEventTimes = row.GetList("feature_event_times", static value => (long?)value),
            FeatureDefaulted = row.GetList("feature_defaulted", static value => (bool)value!),
            Input = row.FindBytes("input"),
            BatchRows = (int)row.GetInt64("batch_rows"),
            BatchRow = (int)row.GetInt64("batch_row"),
            OutputNames = row.GetList("output_names", static value => (string)value!),
            Output = row.FindBytes("output"),
            Decision = row.FindText("decision"),
            Error = row.FindText("error"),
            Duration = row.GetInt64("duration"),
        };
    }
}

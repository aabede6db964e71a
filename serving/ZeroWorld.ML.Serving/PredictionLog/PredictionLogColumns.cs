using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>The columns of a log file (docs/formats/prediction-log.md), filled row by row.</summary>
/// <remarks>
/// A row is a fraction of the answer that it was made of, and holds on to nothing of it: rows wait here for seconds, and what waits is copied by every
/// garbage collection that it outlives.
/// </remarks>
internal sealed class PredictionLogColumns
{
    private readonly List<int> _format = [];
    private readonly List<string?> _predictionId = [];
    private readonly List<int> _row = [];
    private readonly List<string?> _project = [];
    private readonly List<string?> _model = [];
    private readonly List<long> _modelVersion = [];
    private readonly List<string?> _packageDigest = [];
    private readonly List<string?> _serviceFingerprint = [];
    private readonly List<string?> _runtimeBuild = [];
    private readonly List<long> _receivedTime = [];
    private readonly List<long> _time = [];
    private readonly List<string?> _entities = [];
    private readonly List<string?> _request = [];
    private readonly List<string?[]> _featureNames = [];
    private readonly List<double?[]> _featureValues = [];
    private readonly List<string?[]?> _featureTexts = [];
    private readonly List<int[]> _featureStatuses = [];
    private readonly List<long?[]> _featureEventTimes = [];
    private readonly List<bool[]> _featureDefaulted = [];
    private readonly List<byte[]?> _input = [];
    private readonly List<int> _batchRows = [];
    private readonly List<int> _batchRow = [];
    private readonly List<string?[]> _outputNames = [];
    private readonly List<byte[]?> _output = [];
    private readonly List<string?> _decision = [];
    private readonly List<string?> _error = [];
    private readonly List<long> _duration = [];

    // Made for every row, so kept from one to the next.
    private readonly LoggedJson _json = new();
    private PredictionPlan? _plan;
    private string?[] _planFeatureNames = [];
    private string?[] _planOutputNames = [];

    public int Rows => _row.Count;

    public void Add(PredictionLogEntry entry)
    {
        var result = entry.Result;
        NameColumns(entry.Plan);
        for (int row = 0, scored = 0; row < result.Rows; row++)
        {
            _format.Add(LoggedPrediction.CurrentFormat);
            _predictionId.Add(result.PredictionId);
            _row.Add(row);
            _project.Add(result.Model.Project);
            _model.Add(result.Model.Name);
            _modelVersion.Add(result.Version);
            _packageDigest.Add(entry.Servable.Digest);
            _serviceFingerprint.Add(entry.Plan.Service.Service.Fingerprint);
            _runtimeBuild.Add(entry.Servable.RuntimeBuild);
            _receivedTime.Add(UnixMicroseconds.FromDateTimeOffset(entry.Received));
            _time.Add(result.Times.Span[row]);
            _entities.Add(_json.WriteKeys(entry.Plan, entry.Request, row));
            _request.Add(_json.WriteValues(entry.Plan, entry.Request, row));
            _featureNames.Add(_planFeatureNames);
            AddFeatures(result.FeatureCells.Span.Slice(row * _planFeatureNames.Length, _planFeatureNames.Length));
            _outputNames.Add(_planOutputNames);
            _decision.Add(result.Decisions.Count > 0 && result.Decisions[row].Length > 0 ? result.Decisions[row] : null);
            _error.Add(FindError(result.RowErrors, row));
            _duration.Add((long)entry.Duration.TotalNanoseconds);
            var isScored = scored < entry.Rows.Rows.Length && entry.Rows.Rows[scored] == row;
            _input.Add(isScored ? LoggedValues.ConcatenateInputs(entry.Plan, entry.Rows.Data, scored) : null);
            _output.Add(isScored ? LoggedValues.ConcatenateOutputs(result.Outputs, row) : null);
            _batchRows.Add(isScored ? entry.Outputs.BatchRows : 0);
            _batchRow.Add(isScored ? entry.Outputs.Start + scored : 0);
            scored += isScored ? 1 : 0;
        }
    }

    public IReadOnlyList<SinkColumn> ToSinkColumns() =>
    [
        new("format", _format.ToArray()),
        new("prediction_id", _predictionId.ToArray()),
        new("row", _row.ToArray()),
        new("project", _project.ToArray()),
        new("model", _model.ToArray()),
        new("model_version", _modelVersion.ToArray()),
        new("package_digest", _packageDigest.ToArray()),
        new("service_fingerprint", _serviceFingerprint.ToArray()),
        new("runtime_build", _runtimeBuild.ToArray()),
        new("received_time", _receivedTime.ToArray()),
        new("time", _time.ToArray()),
        new("entities", _entities.ToArray()),
        new("request", _request.ToArray()),
        new("feature_names", _featureNames.ToArray()),
        new("feature_values", _featureValues.ToArray()),
        new("feature_texts", _featureTexts.ToArray()),
        new("feature_statuses", _featureStatuses.ToArray()),
        new("feature_event_times", _featureEventTimes.ToArray()),
        new("feature_defaulted", _featureDefaulted.ToArray()),
        new("input", _input.ToArray()),
        new("batch_rows", _batchRows.ToArray()),
        new("batch_row", _batchRow.ToArray()),
        new("output_names", _outputNames.ToArray()),
        new("output", _output.ToArray()),
        new("decision", _decision.ToArray()),
        new("error", _error.ToArray()),
        new("duration", _duration.ToArray()),
    ];

    /// <summary>All rows of one plan share their lists of names.</summary>
    private void NameColumns(PredictionPlan plan)
    {
        if (!ReferenceEquals(plan, _plan))
        {
            _plan = plan;
            _planFeatureNames = [.. plan.Service.Service.Columns.Select(static column => column.Name)];
            _planOutputNames = [.. plan.Outputs.Select(static output => output.Name)];
        }
    }

    private static string? FindError(IReadOnlyList<RowError> errors, int row)
    {
        for (var index = 0; index < errors.Count; index++)
        {
            if (errors[index].Row == row)
            {
                return errors[index].Message;
            }
        }

        return null;
    }

    private void AddFeatures(ReadOnlySpan<FeatureCell> cells)
    {
        var values = new double?[cells.Length];
        string?[]? texts = null;
        var statuses = new int[cells.Length];
        var eventTimes = new long?[cells.Length];
        var defaulted = new bool[cells.Length];
        for (var column = 0; column < cells.Length; column++)
        {
            var cell = cells[column];
            statuses[column] = (int)cell.Status;
            eventTimes[column] = cell.EventTime;
            defaulted[column] = cell.IsDefaulted;
            if (!cell.Value.IsNull && cell.Value.IsNumeric)
            {
                values[column] = cell.Value.ToDouble();
            }

            if (LoggedValues.ToText(cell.Value) is { } text)
            {
                texts ??= new string?[cells.Length];
                texts[column] = text;
            }
        }

        _featureValues.Add(values);
        _featureTexts.Add(texts);
        _featureStatuses.Add(statuses);
        _featureEventTimes.Add(eventTimes);
        _featureDefaulted.Add(defaulted);
    }
}

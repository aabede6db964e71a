using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>The columns of a log file (docs/formats/prediction-log.md), filled row by row.</summary>
internal sealed class PredictionLogColumns(int rows)
{
    private readonly int[] _format = new int[rows];
    private readonly string?[] _predictionId = new string?[rows];
    private readonly int[] _row = new int[rows];
    private readonly string?[] _project = new string?[rows];
    private readonly string?[] _model = new string?[rows];
    private readonly long[] _modelVersion = new long[rows];
    private readonly string?[] _packageDigest = new string?[rows];
    private readonly string?[] _serviceFingerprint = new string?[rows];
    private readonly string?[] _runtimeBuild = new string?[rows];
    private readonly long[] _receivedTime = new long[rows];
    private readonly long[] _time = new long[rows];
    private readonly string?[] _entities = new string?[rows];
    private readonly string?[] _request = new string?[rows];
    private readonly string?[][] _featureNames = new string?[rows][];
    private readonly double?[][] _featureValues = new double?[rows][];
    private readonly string?[]?[] _featureTexts = new string?[]?[rows];
    private readonly int[][] _featureStatuses = new int[rows][];
    private readonly long?[][] _featureEventTimes = new long?[rows][];
    private readonly bool[][] _featureDefaulted = new bool[rows][];
    private readonly byte[]?[] _input = new byte[]?[rows];
    private readonly int[] _batchRows = new int[rows];
    private readonly int[] _batchRow = new int[rows];
    private readonly string?[][] _outputNames = new string?[rows][];
    private readonly byte[]?[] _output = new byte[]?[rows];
    private readonly string?[] _decision = new string?[rows];
    private readonly string?[] _error = new string?[rows];
    private readonly long[] _duration = new long[rows];
    private int _count;

    public void Add(PredictionLogEntry entry)
    {
        var result = entry.Result;
        string?[] featureNames = [.. result.FeatureColumns.Select(static column => column.Name)];
        string?[] outputNames = [.. result.Outputs.Select(static output => output.Name)];
        var errors = result.RowErrors.GroupBy(static error => error.Row).ToDictionary(static group => group.Key, static group => group.First().Message);
        for (int row = 0, scored = 0; row < result.Rows; row++)
        {
            var index = _count++;
            _format[index] = LoggedPrediction.CurrentFormat;
            _predictionId[index] = result.PredictionId;
            _row[index] = row;
            _project[index] = result.Model.Project;
            _model[index] = result.Model.Name;
            _modelVersion[index] = result.Version;
            _packageDigest[index] = entry.Servable.Digest;
            _serviceFingerprint[index] = entry.Plan.Service.Service.Fingerprint;
            _runtimeBuild[index] = entry.Servable.RuntimeBuild;
            _receivedTime[index] = UnixMicroseconds.FromDateTimeOffset(entry.Received);
            _time[index] = result.Times.Span[row];
            _entities[index] = LoggedValues.ToJson(entry.Plan.Keys.Select(static key => key.Name), entry.Request.Keys, row);
            _request[index] = LoggedValues.ToJson(entry.Plan.Service.Service.RequestValues.Select(static value => value.Name), entry.Request.Values, row);
            _featureNames[index] = featureNames;
            AddFeatures(index, result.FeatureCells.Span.Slice(row * featureNames.Length, featureNames.Length));
            _outputNames[index] = outputNames;
            _decision[index] = result.Decisions.Count > 0 && result.Decisions[row].Length > 0 ? result.Decisions[row] : null;
            _error[index] = errors.GetValueOrDefault(row);
            _duration[index] = (long)entry.Duration.TotalNanoseconds;
            if (scored < entry.Rows.Rows.Length && entry.Rows.Rows[scored] == row)
            {
                _input[index] = LoggedValues.ConcatenateInputs(entry.Plan, entry.Rows.Data, scored);
                _output[index] = LoggedValues.ConcatenateOutputs(result.Outputs, row);
                _batchRows[index] = entry.Outputs.BatchRows;
                _batchRow[index] = entry.Outputs.Start + scored;
                scored++;
            }
        }
    }

    public IReadOnlyList<SinkColumn> ToSinkColumns() =>
    [
        new("format", _format),
        new("prediction_id", _predictionId),
        new("row", _row),
        new("project", _project),
        new("model", _model),
        new("model_version", _modelVersion),
        new("package_digest", _packageDigest),
        new("service_fingerprint", _serviceFingerprint),
        new("runtime_build", _runtimeBuild),
        new("received_time", _receivedTime),
        new("time", _time),
        new("entities", _entities),
        new("request", _request),
        new("feature_names", _featureNames),
        new("feature_values", _featureValues),
        new("feature_texts", _featureTexts),
        new("feature_statuses", _featureStatuses),
        new("feature_event_times", _featureEventTimes),
        new("feature_defaulted", _featureDefaulted),
        new("input", _input),
        new("batch_rows", _batchRows),
        new("batch_row", _batchRow),
        new("output_names", _outputNames),
        new("output", _output),
        new("decision", _decision),
        new("error", _error),
        new("duration", _duration),
    ];

    private void AddFeatures(int index, ReadOnlySpan<FeatureCell> cells)
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

        _featureValues[index] = values;
        _featureTexts[index] = texts;
        _featureStatuses[index] = statuses;
        _featureEventTimes[index] = eventTimes;
        _featureDefaulted[index] = defaulted;
    }
}

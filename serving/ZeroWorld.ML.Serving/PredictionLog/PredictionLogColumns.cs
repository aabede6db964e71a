using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>The columns of a log file (docs/formats/prediction-log.md), filled row by row. Not thread safe.</summary>
/// <remarks>
/// Flat: rows wait here for seconds, tens of thousands of them, and objects that wait make every garbage collection long. What an answer was made of is
/// let go when its rows are taken.
/// </remarks>
internal sealed class PredictionLogColumns
{
    private readonly LogBuffer<int> _format = new();
    private readonly LogLists<char> _predictionId = new();
    private readonly LogBuffer<int> _row = new();
    private readonly LogBuffer<string?> _project = new();
    private readonly LogBuffer<string?> _model = new();
    private readonly LogBuffer<long> _modelVersion = new();
    private readonly LogBuffer<string?> _packageDigest = new();
    private readonly LogBuffer<string?> _serviceFingerprint = new();
    private readonly LogBuffer<string?> _runtimeBuild = new();
    private readonly LogBuffer<long> _receivedTime = new();
    private readonly LogBuffer<long> _time = new();
    private readonly LogLists<char> _entities = new();
    private readonly LogLists<char> _request = new();
    private readonly LogNames _featureNames = new();
    private readonly LogLists<double> _featureValues = new();
    private readonly LogBuffer<bool> _areValuesNull = new();
    private readonly LogLists<string?> _featureTexts = new();
    private readonly LogLists<int> _featureStatuses = new();
    private readonly LogLists<long> _featureEventTimes = new();
    private readonly LogBuffer<bool> _areEventTimesNull = new();
    private readonly LogLists<bool> _featureDefaulted = new();
    private readonly LogLists<byte> _input = new();
    private readonly LogBuffer<int> _batchRows = new();
    private readonly LogBuffer<int> _batchRow = new();
    private readonly LogNames _outputNames = new();
    private readonly LogLists<byte> _output = new();
    private readonly LogBuffer<string?> _decision = new();
    private readonly LogBuffer<string?> _error = new();
    private readonly LogBuffer<long> _duration = new();

    // Made for every row, so kept from one to the next.
    private readonly LoggedJson _json = new();
    private PredictionPlan? _plan;
    private string[] _planFeatureNames = [];
    private string[] _planOutputNames = [];

    public int Rows => _row.Count;

    public void Add(PredictionLogEntry entry)
    {
        var result = entry.Result;
        NameColumns(entry.Plan);
        for (int row = 0, scored = 0; row < result.Rows; row++)
        {
            _predictionId.AddRow(result.PredictionId);
            _row.Add(row);
            _project.Add(result.Model.Project);
            _model.Add(result.Model.Name);
            _modelVersion.Add(result.Version);
            _packageDigest.Add(entry.Servable.Digest);
            _serviceFingerprint.Add(entry.Plan.Service.Service.Fingerprint);
            _runtimeBuild.Add(entry.Servable.RuntimeBuild);
            _receivedTime.Add(UnixMicroseconds.FromDateTimeOffset(entry.Received));
            _time.Add(result.Times.Span[row]);
            _json.WriteKeys(entry.Plan, entry.Request, row, _entities);
            _json.WriteValues(entry.Plan, entry.Request, row, _request);
            _featureNames.AddRow(_planFeatureNames);
            AddFeatures(result.FeatureCells.Span.Slice(row * _planFeatureNames.Length, _planFeatureNames.Length));
            _outputNames.AddRow(_planOutputNames);
            _decision.Add(result.Decisions.Count > 0 && result.Decisions[row].Length > 0 ? result.Decisions[row] : null);
            _error.Add(FindError(result.RowErrors, row));
            _duration.Add((long)entry.Duration.TotalNanoseconds);
            var isScored = scored < entry.Rows.Rows.Length && entry.Rows.Rows[scored] == row;
            AddTensors(entry, row, isScored ? scored : -1);
            scored += isScored ? 1 : 0;
        }
    }

    /// <summary>Adds a row that is one already.</summary>
    public void Add(LoggedPrediction row)
    {
        _predictionId.AddRow(row.PredictionId);
        _row.Add(row.Row);
        _project.Add(row.Project);
        _model.Add(row.Model);
        _modelVersion.Add(row.ModelVersion);
        _packageDigest.Add(row.PackageDigest);
        _serviceFingerprint.Add(row.ServiceFingerprint);
        _runtimeBuild.Add(row.RuntimeBuild);
        _receivedTime.Add(row.ReceivedTime);
        _time.Add(row.Time);
        AddText(_entities, row.Entities);
        AddText(_request, row.Request);
        _featureNames.AddRow([.. row.FeatureNames]);
        AddNullable(_featureValues, _areValuesNull, row.FeatureValues);
        AddNullable(_featureEventTimes, _areEventTimesNull, row.FeatureEventTimes);
        _featureTexts.AddRow([.. row.FeatureTexts]);
        _featureStatuses.AddRow([.. row.FeatureStatuses.Select(static status => (int)status)]);
        _featureDefaulted.AddRow([.. row.FeatureDefaulted]);
        AddBytes(_input, row.Input);
        _batchRows.Add(row.BatchRows);
        _batchRow.Add(row.BatchRow);
        _outputNames.AddRow([.. row.OutputNames]);
        AddBytes(_output, row.Output);
        _decision.Add(row.Decision);
        _error.Add(row.Error);
        _duration.Add(row.Duration);

        static void AddText(LogLists<char> target, string? text)
        {
            if (text is null)
            {
                target.AddNone();
            }
            else
            {
                target.AddRow(text);
            }
        }

        static void AddBytes(LogLists<byte> target, byte[]? bytes)
        {
            if (bytes is null)
            {
                target.AddNone();
            }
            else
            {
                target.AddRow(bytes);
            }
        }

        static void AddNullable<T>(LogLists<T> target, LogBuffer<bool> areNull, IReadOnlyList<T?> values)
            where T : struct
        {
            var row = target.AddRow(values.Count);
            var nulls = areNull.Extend(values.Count);
            for (var index = 0; index < values.Count; index++)
            {
                row[index] = values[index].GetValueOrDefault();
                nulls[index] = values[index] is null;
            }
        }
    }

    /// <summary>The columns over these buffers: no row is added until they are written.</summary>
    public IReadOnlyList<SinkColumn> ToSinkColumns()
    {
        _format.Clear();
        _format.Extend(Rows).Fill(LoggedPrediction.CurrentFormat);
        return
        [
            _format.ToColumn("format"),
            _predictionId.ToColumn("prediction_id"),
            _row.ToColumn("row"),
            _project.ToColumn("project"),
            _model.ToColumn("model"),
            _modelVersion.ToColumn("model_version"),
            _packageDigest.ToColumn("package_digest"),
            _serviceFingerprint.ToColumn("service_fingerprint"),
            _runtimeBuild.ToColumn("runtime_build"),
            _receivedTime.ToColumn("received_time"),
            _time.ToColumn("time"),
            _entities.ToColumn("entities"),
            _request.ToColumn("request"),
            _featureNames.ToColumn("feature_names"),
            _featureValues.ToColumn("feature_values", _areValuesNull),
            _featureTexts.ToColumn("feature_texts"),
            _featureStatuses.ToColumn("feature_statuses"),
            _featureEventTimes.ToColumn("feature_event_times", _areEventTimesNull),
            _featureDefaulted.ToColumn("feature_defaulted"),
            _input.ToColumn("input"),
            _batchRows.ToColumn("batch_rows"),
            _batchRow.ToColumn("batch_row"),
            _outputNames.ToColumn("output_names"),
            _output.ToColumn("output"),
            _decision.ToColumn("decision"),
            _error.ToColumn("error"),
            _duration.ToColumn("duration"),
        ];
    }

    /// <summary>Forgets all rows and keeps the memory.</summary>
    public void Clear()
    {
        _format.Clear();
        _predictionId.Clear();
        _row.Clear();
        _project.Clear();
        _model.Clear();
        _modelVersion.Clear();
        _packageDigest.Clear();
        _serviceFingerprint.Clear();
        _runtimeBuild.Clear();
        _receivedTime.Clear();
        _time.Clear();
        _entities.Clear();
        _request.Clear();
        _featureNames.Clear();
        _featureValues.Clear();
        _areValuesNull.Clear();
        _featureTexts.Clear();
        _featureStatuses.Clear();
        _featureEventTimes.Clear();
        _areEventTimesNull.Clear();
        _featureDefaulted.Clear();
        _input.Clear();
        _batchRows.Clear();
        _batchRow.Clear();
        _outputNames.Clear();
        _output.Clear();
        _decision.Clear();
        _error.Clear();
        _duration.Clear();
        _plan = null;
    }

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
        var values = _featureValues.AddRow(cells.Length);
        var areValuesNull = _areValuesNull.Extend(cells.Length);
        var statuses = _featureStatuses.AddRow(cells.Length);
        var eventTimes = _featureEventTimes.AddRow(cells.Length);
        var areEventTimesNull = _areEventTimesNull.Extend(cells.Length);
        var defaulted = _featureDefaulted.AddRow(cells.Length);
        string?[]? texts = null;
        for (var column = 0; column < cells.Length; column++)
        {
            ref readonly var cell = ref cells[column];
            var hasNumber = !cell.Value.IsNull && cell.Value.IsNumeric;
            values[column] = hasNumber ? cell.Value.ToDouble() : 0;
            areValuesNull[column] = !hasNumber;
            statuses[column] = (int)cell.Status;
            eventTimes[column] = cell.EventTime ?? 0;
            areEventTimesNull[column] = cell.EventTime is null;
            defaulted[column] = cell.IsDefaulted;
            if (LoggedValues.ToText(cell.Value) is { } text)
            {
                texts ??= new string?[cells.Length];
                texts[column] = text;
            }
        }

        if (texts is null)
        {
            _featureTexts.AddNone();
        }
        else
        {
            _featureTexts.AddRow(texts);
        }
    }

    /// <param name="scored">Index among the scored rows, or -1: the row was not scored.</param>
    private void AddTensors(PredictionLogEntry entry, int row, int scored)
    {
        _batchRows.Add(scored < 0 ? 0 : entry.Outputs.BatchRows);
        _batchRow.Add(scored < 0 ? 0 : entry.Outputs.Start + scored);
        if (scored < 0)
        {
            _input.AddNone();
            _output.AddNone();
            return;
        }

        var inputs = entry.Rows.Inputs;
        LoggedValues.WriteInputs(entry.Plan, inputs, scored, _input.AddRow(LoggedValues.MeasureInputs(entry.Plan, inputs, scored)));
        _output.AddRow(LoggedValues.ConcatenateOutputs(entry.Result.Outputs, row));
    }
}

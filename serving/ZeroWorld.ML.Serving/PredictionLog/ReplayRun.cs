using System.Buffers;
using System.Globalization;
using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Computes logged rows again and compares: the logged input through the model, and the input from the logged features through the transforms.</summary>
internal sealed class ReplayRun
{
    private const int DifferencesMax = 20;

    // The most that a server can be configured to run at once.
    private const int BatchRowsMax = 65536;
    private readonly LoadedModel _model;
    private readonly PredictionPlan _plan;
    private readonly IReadOnlyList<LoggedPrediction> _rows;
    private readonly IReadOnlyList<ServiceColumn> _columns;
    private readonly FeatureCell[] _cells;
    private readonly List<string> _differences = [];

    private ReplayRun(LoadedModel model, PredictionPlan plan, IReadOnlyList<LoggedPrediction> rows)
    {
        _model = model;
        _plan = plan;
        _rows = rows;
        _columns = plan.Service.Service.Columns;
        _cells = new FeatureCell[rows.Count * _columns.Count];
    }

    /// <param name="rows">All rows of one answer, ascending.</param>
    /// <exception cref="ServingException"><see cref="ServingError.BackendFailed"/>; <see cref="ServingError.ModelRefused"/>: the log does not fit the package.</exception>
    public static ReplayReport Run(LoadedModel model, PredictionPlan plan, IReadOnlyList<LoggedPrediction> rows) => new ReplayRun(model, plan, rows).Run();

    private ReplayReport Run()
    {
        var scored = new List<int>(_rows.Count);
        for (var row = 0; row < _rows.Count; row++)
        {
            ReadCells(row);
            if (_rows[row].Input is not null)
            {
                scored.Add(row);
                CompareTransforms(row);
                CompareInput(row);
            }
        }

        var replayed = RunModel(scored);
        var logged = ReadOutputs(replayed, scored);
        CompareOutputs(logged, replayed, scored);
        var first = _rows[0];
        var build = RuntimeBuilds.Describe(_model.Runtime);
        return new ReplayReport
        {
            PredictionId = first.PredictionId,
            Model = new ModelName(first.Project, first.Model),
            Version = first.ModelVersion,
            IsEqual = _differences.Count == 0,
            IsSameBuild = first.RuntimeBuild == build,
            LoggedBuild = first.RuntimeBuild,
            CurrentBuild = build,
            Rows = _rows.Count,
            LoggedOutputs = logged,
            ReplayedOutputs = replayed,
            FeatureColumns = _columns,
            FeatureCells = _cells,
            Times = _rows.Select(static row => row.Time).ToArray(),
            Differences = _differences,
        };
    }

    private void ReadCells(int row)
    {
        var logged = _rows[row];
        if (logged.FeatureNames.Count != _columns.Count || !logged.FeatureNames.SequenceEqual(_columns.Select(static column => column.Name)))
        {
            throw Misfit(row, $"features {string.Join(", ", logged.FeatureNames)}, and the feature service has {string.Join(", ", _columns.Select(static column => column.Name))}");
        }

        for (var column = 0; column < _columns.Count; column++)
        {
            var text = logged.FeatureTexts.Count > 0 ? logged.FeatureTexts[column] : null;
            _cells[(row * _columns.Count) + column] = new FeatureCell(
                LoggedValues.ToFeature(_columns[column].Type, logged.FeatureValues[column], text),
                logged.FeatureStatuses[column],
                logged.FeatureEventTimes[column],
                logged.FeatureDefaulted[column]);
        }
    }

    private void CompareTransforms(int row)
    {
        var logged = _cells.AsSpan(row * _columns.Count, _columns.Count);
        FeatureCell[] again = [.. logged];
        _plan.Service.RunTransforms(_rows[row].Time, ReadRequest(row), again);
        for (var column = 0; column < again.Length; column++)
        {
            if (again[column].Value != logged[column].Value)
            {
                AddDifference($"row {row}, transform '{_columns[column].Name}': logged {logged[column].Value}, now {again[column].Value}");
            }
        }
    }

    private FeatureValue[] ReadRequest(int row)
    {
        try
        {
            using var json = JsonDocument.Parse(_rows[row].Request ?? "{}");
            return [.. _plan.Service.Service.RequestValues.Select(value => LoggedValues.FromJson(json.RootElement.GetProperty(value.Name), value.Type))];
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw Misfit(row, $"the request {_rows[row].Request}, which the feature service does not read: {exception.Message}");
        }
    }

    private void CompareInput(int row)
    {
        int[] one = [row];
        var places = FindInputs(row);
        var tokens = TokenRows.Of(_plan, _cells, _columns.Count, one);
        if (tokens is not null && Array.Exists(_plan.Inputs, input => input.IsTokens && places[Array.IndexOf(_plan.Inputs, input)].Width < tokens.Width))
        {
            AddDifference($"row {row}: the logged texts make {tokens.Width} tokens, more than the logged input has");
            return;
        }

        var data = _plan.Inputs.Select((input, index) => ModelRows.Write(input, _cells, _columns.Count, one, places[index].Width, tokens)).ToArray();
        if (!LoggedValues.ConcatenateInputs(_plan, data, 0).AsSpan().SequenceEqual(_rows[row].Input))
        {
            AddDifference($"row {row}: the logged input is not what the logged features make");
        }
    }

    private LoggedInput[] FindInputs(int row)
    {
        var places = new LoggedInput[_plan.Inputs.Length];
        return LoggedValues.TryFindInputs(_plan, _rows[row].Input, places) ? places : throw Misfit(row, $"an input of {_rows[row].Input!.Length} bytes");
    }

    /// <summary>Runs the rows in a run of the logged size, at their logged places. What stood beside them is not known and does not matter: their own values stand in.</summary>
    private PredictionOutput[] RunModel(List<int> scored)
    {
        var (batchRows, start) = ReadBatch(scored);
        var tensors = MakeTensors(scored, batchRows, start);
        var lengths = Array.Empty<int>();
        var padding = _model.Padding is { HasAxes: true } known ? known : null;
        var outputs = _model.Instance.Run(padding?.Pad(tensors, out lengths) ?? tensors);
        outputs = padding?.Cut(outputs, lengths) ?? outputs;
        if (!BatchBuffers.HasRows(outputs, batchRows))
        {
            throw new ServingException(ServingError.BackendFailed, "The model did not give one output row per input row.");
        }

        return [.. _plan.Outputs.Select(output => new PredictionOutput(
            output.Name, RowScatter.ToAllRows(outputs[output.Position].SliceRows(start, scored.Count), scored.ToArray(), _rows.Count)))];
    }

    private TensorBuffer[] MakeTensors(List<int> scored, int batchRows, int start)
    {
        var first = scored.Count > 0 ? FindInputs(scored[0]) : new LoggedInput[_plan.Inputs.Length];
        var data = Array.ConvertAll(first, static _ => new ArrayBufferWriter<byte>());
        for (var place = 0; place < batchRows; place++)
        {
            // Of the rows themselves, repeated to both sides.
            var row = scored[(place - start + (batchRows * scored.Count)) % scored.Count];
            var places = FindInputs(row);
            for (var index = 0; index < data.Length; index++)
            {
                if (places[index].Width != first[index].Width)
                {
                    throw Misfit(row, "lists of another width than the rows beside it");
                }

                if (places[index].Length > Array.MaxLength - data[index].WrittenCount)
                {
                    throw Misfit(row, $"texts that, repeated to the {batchRows} rows of its run, are too long for one tensor");
                }

                data[index].Write(_rows[row].Input.AsSpan(places[index].Offset, places[index].Length));
            }
        }

        var tensors = new TensorBuffer[_plan.Inputs.Length];
        for (var index = 0; index < tensors.Length; index++)
        {
            tensors[_plan.Inputs[index].Position] = _plan.Inputs[index].ToTensor(batchRows, first[index].Width, data[index].WrittenMemory);
        }

        return tensors;
    }

    private (int Rows, int Start) ReadBatch(List<int> scored)
    {
        if (scored.Count == 0)
        {
            return (0, 0);
        }

        var (batchRows, start) = (_rows[scored[0]].BatchRows, _rows[scored[0]].BatchRow);
        for (var index = 0; index < scored.Count; index++)
        {
            var row = _rows[scored[index]];
            if (row.BatchRows != batchRows || row.BatchRow != start + index)
            {
                throw Misfit(scored[index], $"a place {row.BatchRow} of {row.BatchRows} in the run of the model that does not follow the row before it");
            }
        }

        return start >= 0 && start + scored.Count <= batchRows && batchRows <= BatchRowsMax
            ? (batchRows, start)
            : throw Misfit(scored[0], $"the places {start} to {start + scored.Count - 1} in a run of {batchRows} rows");
    }

    /// <summary>The logged bytes as tensors of the same types and shapes as the replayed ones.</summary>
    private PredictionOutput[] ReadOutputs(PredictionOutput[] like, List<int> scored)
    {
        var data = like.Select(static output => new byte[output.Tensor.Dtype == TensorDtype.Bytes ? 0 : output.Tensor.Data.Length]).ToArray();
        var strings = like.Select(static output => Enumerable.Repeat(Array.Empty<byte>(), output.Tensor.Dtype == TensorDtype.Bytes ? output.Tensor.ElementCount : 0).ToArray()).ToArray();
        foreach (var row in scored)
        {
            var rest = (_rows[row].Output ?? throw Misfit(row, "no output")).AsSpan();
            for (var index = 0; index < like.Length; index++)
            {
                var perRow = like[index].ElementsPerRow;
                if (like[index].Tensor.Dtype == TensorDtype.Bytes)
                {
                    var length = BytesCodec.Measure(rest, perRow);
                    if (length < 0)
                    {
                        throw Misfit(row, $"an output '{like[index].Name}' that ends too early");
                    }

                    BytesCodec.Read(rest[..length], perRow).CopyTo(strings[index], row * perRow);
                    rest = rest[length..];
                    continue;
                }

                var width = perRow * like[index].Tensor.Dtype.Width();
                if (rest.Length < width)
                {
                    throw Misfit(row, $"an output '{like[index].Name}' of {rest.Length} bytes; expected {width}");
                }

                rest[..width].CopyTo(data[index].AsSpan(row * width));
                rest = rest[width..];
            }
        }

        return [.. like.Select((output, index) => new PredictionOutput(
            output.Name,
            output.Tensor.Dtype == TensorDtype.Bytes
                ? TensorBuffer.OfStrings([.. output.Tensor.Shape], strings[index])
                : TensorBuffer.Of(output.Tensor.Dtype, [.. output.Tensor.Shape], data[index])))];
    }

    private void CompareOutputs(PredictionOutput[] logged, PredictionOutput[] replayed, List<int> scored)
    {
        foreach (var row in scored)
        {
            for (var index = 0; index < logged.Length; index++)
            {
                var before = logged[index].Tensor.SliceRows(row, 1);
                var now = replayed[index].Tensor.SliceRows(row, 1);
                if (!before.ToRaw().Span.SequenceEqual(now.ToRaw().Span))
                {
                    AddDifference($"row {row}, output '{logged[index].Name}': logged {Describe(before)}, now {Describe(now)}");
                }
            }
        }
    }

    private static string Describe(TensorBuffer tensor) => tensor.ElementCount == 1 && tensor.Dtype != TensorDtype.Bytes
        ? TensorElements.ToDouble(tensor, 0).ToString("R", CultureInfo.InvariantCulture)
        : Convert.ToHexStringLower(tensor.ToRaw().Span[..Math.Min(tensor.ToRaw().Length, 16)]);

    private void AddDifference(string difference)
    {
        if (_differences.Count < DifferencesMax)
        {
            _differences.Add(difference);
        }
    }

    private ServingException Misfit(int row, string what) =>
        new(ServingError.ModelRefused, $"Row {row} of prediction '{_rows[0].PredictionId}' does not fit its package: the log holds {what}.");
}

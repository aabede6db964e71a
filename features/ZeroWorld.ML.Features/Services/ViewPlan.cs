namespace ZeroWorld.ML.Features;

/// <summary>How the features of one view get into the rows of one feature service.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class ViewPlan
{
    private readonly WindowKernel? _kernel;
    private readonly FeatureField[] _fields;
    private readonly StoredColumn[] _columns;
    private readonly int[] _requestInputs;
    private readonly long? _timeToLive;

    // Pairs of (field of the view, column of the service); a field no column asks for is not copied.
    private readonly (int Field, int Column)[] _outputs;

    internal ViewPlan(FeatureService service, StorageField field)
    {
        View = field.View;
        Field = field;
        _fields = [.. View.Fields];
        _columns = [.. View.StoredColumns];
        _outputs =
        [
            .. service.Columns
                .Select((column, index) => (column, index))
                .Where(item => ReferenceEquals(item.column.View, View) || item.column.View == View)
                .Select(static item => (item.column.Field, item.index)),
        ];
        _requestInputs = [];
        if (View is WindowedView windowed)
        {
            _kernel = new WindowKernel(field);
            var names = service.RequestValues.Select(static value => value.Name).ToList();
            _requestInputs = [.. _columns.Select(column => windowed.IncludeRequest.TryGetValue(column.Name, out var name) ? names.IndexOf(name) : -1)];
        }
        else
        {
            _timeToLive = ((LastValueView)View).TimeToLive is { } ttl ? UnixMicroseconds.FromTimeSpan(ttl) : null;
        }
    }

    public FeatureView View { get; }

    /// <summary>Where the view's bytes lie.</summary>
    public StorageField Field { get; }

    /// <summary>Writes the cells of this view's columns into a row of the service.</summary>
    /// <param name="q">The moment of the read, microseconds since the epoch.</param>
    /// <param name="request">Request values as the service declares them.</param>
    /// <param name="payload">What was read for the row's entity.</param>
    /// <param name="row">The row; only this view's columns are written.</param>
    public void Fill(long q, ReadOnlySpan<FeatureValue> request, in ViewPayload payload, Span<FeatureCell> row)
    {
        var cells = new FeatureCell[_fields.Length];
        switch (payload.State)
        {
            case ViewPayloadState.NullKey:
                FillAll(cells, FeatureStatus.NotFound);
                break;
            case ViewPayloadState.Unavailable:
                FillAll(cells, FeatureStatus.Unavailable);
                break;
            default:
                if (_kernel is null)
                {
                    ReadLastValue(q, payload, cells);
                }
                else
                {
                    ReadWindow(q, request, payload, cells);
                }

                break;
        }

        foreach (var (field, column) in _outputs)
        {
            var cell = cells[field];
            var fallback = _fields[field].Default;
            row[column] = cell.Value.IsNull && !fallback.IsNull ? cell with { Value = fallback, IsDefaulted = true } : cell;
        }
    }

    private void ReadWindow(long q, ReadOnlySpan<FeatureValue> request, in ViewPayload payload, Span<FeatureCell> cells)
    {
        Span<FeatureValue> inputs = new FeatureValue[_requestInputs.Length];
        for (var index = 0; index < inputs.Length; index++)
        {
            inputs[index] = _requestInputs[index] >= 0 ? request[_requestInputs[index]] : FeatureValue.Null(FeatureType.Float64);
        }

        _kernel!.Evaluate(payload.Bytes.Span, payload.CoveredFrom, q, inputs, cells);
    }

    private void ReadLastValue(long q, in ViewPayload payload, Span<FeatureCell> cells)
    {
        if (payload.Bytes.IsEmpty)
        {
            FillAll(cells, FeatureStatus.NotFound);
            return;
        }

        var row = payload.Bytes.Span;
        if (!OnlineRowCodec.TryReadHeader(Field, row, out var eventTime, out var createdTime, out var body))
        {
            FillAll(cells, FeatureStatus.Unavailable);
            return;
        }

        // The row that was visible at q has been overwritten: say so instead of guessing.
        if (Math.Max(eventTime, createdTime) > q)
        {
            FillAll(cells, FeatureStatus.Unavailable);
            return;
        }

        if (_timeToLive is { } ttl && q - eventTime > ttl)
        {
            for (var index = 0; index < cells.Length; index++)
            {
                cells[index] = new FeatureCell(FeatureValue.Null(_fields[index].Type), FeatureStatus.OutsideMaxAge, eventTime, false);
            }

            return;
        }

        Span<FeatureValue> values = new FeatureValue[_columns.Length];
        if (!OnlineRowCodec.TryReadValues(_columns, row[body..], values))
        {
            FillAll(cells, FeatureStatus.Unavailable);
            return;
        }

        for (var index = 0; index < cells.Length; index++)
        {
            cells[index] = new FeatureCell(values[index], values[index].IsNull ? FeatureStatus.Null : FeatureStatus.Present, eventTime, false);
        }
    }

    private void FillAll(Span<FeatureCell> cells, FeatureStatus status)
    {
        for (var index = 0; index < cells.Length; index++)
        {
            cells[index] = FeatureCell.Missing(_fields[index].Type, status);
        }
    }
}

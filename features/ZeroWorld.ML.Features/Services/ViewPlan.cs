namespace ZeroWorld.ML.Features;

/// <summary>How the features of one view get into the rows of one feature service.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class ViewPlan
{
    private readonly WindowKernel? _kernel;
    private readonly StoredColumn[] _columns;
    private readonly long? _timeToLive;

    // Per stored column of a windowed view: the request value that the request's own event has there, or -1.
    private readonly int[] _requestInputs;

    // Per feature of the view: its column in the row, or -1 where the service does not ask for it.
    private readonly int[] _targets;

    // The columns that are written, with what they need.
    private readonly Output[] _outputs;

    internal ViewPlan(FeatureService service, StorageField field)
    {
        View = field.View;
        Field = field;
        var fields = View.Fields;
        _columns = [.. View.StoredColumns];
        _outputs =
        [
            .. service.Columns.Index()
                .Where(item => ReferenceEquals(item.Item.View, View) || item.Item.View == View)
                .Select(item => new Output(item.Item.Field, item.Index, fields[item.Item.Field].Type, fields[item.Item.Field].Default)),
        ];
        _targets = new int[fields.Count];
        Array.Fill(_targets, -1);
        foreach (var output in _outputs)
        {
            _targets[output.Field] = output.Column;
        }

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
        switch (payload.State)
        {
            case ViewPayloadState.NullKey:
                FillAll(row, FeatureStatus.NotFound, null);
                break;
            case ViewPayloadState.Unavailable:
                FillAll(row, FeatureStatus.Unavailable, null);
                break;
            default:
                if (_kernel is null)
                {
                    ReadLastValue(q, payload.Bytes.Span, row);
                }
                else
                {
                    _kernel.EvaluateInto(payload.Bytes.Span, payload.CoveredFrom, q, request, _requestInputs, row, _targets);
                }

                break;
        }

        foreach (var output in _outputs)
        {
            ref var cell = ref row[output.Column];
            if (cell.Value.IsNull && !output.Default.IsNull)
            {
                cell = cell with { Value = output.Default, IsDefaulted = true };
            }
        }
    }

    private void ReadLastValue(long q, ReadOnlySpan<byte> bytes, Span<FeatureCell> row)
    {
        if (bytes.IsEmpty)
        {
            FillAll(row, FeatureStatus.NotFound, null);
            return;
        }

        // A row that became visible after q has overwritten the one that was visible at q: say so instead of guessing.
        if (!OnlineRowCodec.TryReadHeader(Field, bytes, out var eventTime, out var createdTime, out var body) || Math.Max(eventTime, createdTime) > q)
        {
            FillAll(row, FeatureStatus.Unavailable, null);
            return;
        }

        if (LastValueView.IsOutsideMaxAge(q, eventTime, _timeToLive))
        {
            FillAll(row, FeatureStatus.OutsideMaxAge, eventTime);
            return;
        }

        var reader = new OnlineRowReader(_columns, bytes, body);
        for (var index = 0; index < _columns.Length; index++)
        {
            if (_targets[index] is < 0)
            {
                reader.Skip();
            }
            else if (reader.TryRead(out var value))
            {
                row[_targets[index]] = new FeatureCell(value, value.IsNull ? FeatureStatus.Null : FeatureStatus.Present, eventTime, false);
            }
        }

        if (!reader.IsComplete)
        {
            FillAll(row, FeatureStatus.Unavailable, null);
        }
    }

    private void FillAll(Span<FeatureCell> row, FeatureStatus status, long? eventTime)
    {
        foreach (var output in _outputs)
        {
            row[output.Column] = new FeatureCell(FeatureValue.Null(output.Type), status, eventTime, false);
        }
    }

    private readonly record struct Output(int Field, int Column, FeatureType Type, FeatureValue Default);
}

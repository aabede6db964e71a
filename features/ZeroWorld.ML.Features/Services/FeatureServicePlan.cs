namespace ZeroWorld.ML.Features;

/// <summary>A feature service compiled once: what to read for a row, and how the row is made of it. Training sets and requests both run it.</summary>
/// <remarks>Immutable and thread safe. Making a row allocates nothing, apart from the texts and bytes that the row holds. Transforms run column by column, for one row and for many alike.</remarks>
public sealed class FeatureServicePlan
{
    // Rows that fit the processor's caches.
    private const int BlockRows = 256;

    private readonly ViewPlan[] _views;
    private readonly TransformProgram[] _transforms;
    private readonly TransformSlots _slots;
    private readonly (int Request, int Column)[] _requestColumns;
    private readonly int[] _requiredColumns;

    /// <param name="service">The service.</param>
    /// <param name="hasIntegerEventId">Whether the event id column of a view's source is an int64 (the offline table or the push schema knows).</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidDefinition"/>: a transform does not compile.</exception>
    public FeatureServicePlan(FeatureService service, Func<FeatureView, bool> hasIntegerEventId)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(hasIntegerEventId);
        Service = service;
        _views = [.. service.Columns.Where(static column => column.View is not null).Select(static column => column.View!).Distinct()
            .Select(view => new ViewPlan(service, StorageField.Of(view, hasIntegerEventId(view))))];
        Entities = [.. _views.Select(static plan => plan.View.Entity).DistinctBy(static entity => (entity.Name, entity.Alias))];
        _transforms = TransformProgram.CompileAll(service);
        var (readRequest, readColumns) = (new HashSet<int>(), new HashSet<int>());
        foreach (var transform in _transforms)
        {
            transform.CollectInputs(readRequest, readColumns);
        }

        _slots = new TransformSlots(service, readRequest, readColumns);
        _requestColumns = [.. service.Columns.Index().Where(static item => item.Item.RequestValue >= 0).Select(static item => (item.Item.RequestValue, item.Index))];
        _requiredColumns =
        [
            .. service.Columns.Index()
                .Where(static item => item.Item.View is { } view && view.Fields[item.Item.Field].IsRequired)
                .Select(static item => item.Index),
        ];
    }

    public FeatureService Service { get; }

    /// <summary>The views that are read, each once.</summary>
    public IReadOnlyList<ViewPlan> Views => _views;

    /// <summary>The entities whose keys a caller must give, each once.</summary>
    public IReadOnlyList<Entity> Entities { get; }

    /// <summary>Makes one row: view features, defaults, transforms, in the order of the service's columns.</summary>
    /// <param name="q">The moment of the read, microseconds since the epoch.</param>
    /// <param name="request">Request values as the service declares them, defaults already in place.</param>
    /// <param name="views">What was read, one per <see cref="Views"/>.</param>
    /// <param name="row">Receives one cell per column.</param>
    public void BuildRow(long q, ReadOnlySpan<FeatureValue> request, ReadOnlySpan<ViewPayload> views, Span<FeatureCell> row)
    {
        FillRow(q, request, views, row);
        RunTransforms(q, request, row);
    }

    /// <summary>Makes one row but for its transforms; <see cref="RunTransforms(ReadOnlySpan{long}, ReadOnlySpan{FeatureValue}, Span{FeatureCell})"/> makes those of many at once.</summary>
    /// <inheritdoc cref="BuildRow"/>
    public void FillRow(long q, ReadOnlySpan<FeatureValue> request, ReadOnlySpan<ViewPayload> views, Span<FeatureCell> row)
    {
        FillRequest(request, row);
        for (var index = 0; index < _views.Length; index++)
        {
            _views[index].Fill(q, request, views[index], row);
        }
    }

    /// <summary>Writes the cells of the request values.</summary>
    public void FillRequest(ReadOnlySpan<FeatureValue> request, Span<FeatureCell> row)
    {
        foreach (var (value, column) in _requestColumns)
        {
            row[column] = FeatureCell.Of(request[value]);
        }
    }

    /// <summary>Says of a request value in a filled row that the caller gave none and its default stands there.</summary>
    /// <param name="value">Index into <see cref="FeatureService.RequestValues"/>.</param>
    /// <param name="row">One cell per column.</param>
    public void MarkDefaulted(int value, Span<FeatureCell> row)
    {
        foreach (var (request, column) in _requestColumns)
        {
            if (request == value)
            {
                row[column] = FeatureCell.OfDefault(row[column].Value);
            }
        }
    }

    /// <summary>Recomputes only the transforms of a row whose other cells are there: what a replay checks.</summary>
    public void RunTransforms(long q, ReadOnlySpan<FeatureValue> request, Span<FeatureCell> row) => RunTransforms(new ReadOnlySpan<long>(in q), request, row);

    /// <summary>Computes the transforms of rows whose other cells are there, column by column.</summary>
    /// <param name="moments">q of each row.</param>
    /// <param name="request">Request values, row-major: [rows, request values of the service].</param>
    /// <param name="cells">Row-major: [rows, columns of the service].</param>
    public void RunTransforms(ReadOnlySpan<long> moments, ReadOnlySpan<FeatureValue> request, Span<FeatureCell> cells)
    {
        if (_transforms.Length == 0)
        {
            return;
        }

        var (inputs, columns) = (Service.RequestValues.Count, Service.Columns.Count);
        for (var first = 0; first < moments.Length; first += BlockRows)
        {
            var rows = Math.Min(BlockRows, moments.Length - first);
            RunBlock(moments.Slice(first, rows), request.Slice(first * inputs, rows * inputs), cells.Slice(first * columns, rows * columns));
        }
    }

    /// <summary>Room for <see cref="RunTransforms(ReadOnlySpan{long}, TransformColumns)"/>.</summary>
    /// <param name="rowsMax">Rows at once, 1 or more.</param>
    public TransformColumns CreateTransformColumns(int rowsMax) => new(_slots, rowsMax);

    /// <summary>Computes the transforms of rows whose inputs lie in columns.</summary>
    /// <param name="moments">q of each row; at most as many as there is room for.</param>
    /// <param name="columns">Inputs are read and results written here.</param>
    public void RunTransforms(ReadOnlySpan<long> moments, TransformColumns columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        Run(moments, columns.Values, columns.RowsMax);
    }

    /// <summary>The first column that is required and has neither value nor default, or -1.</summary>
    public int FindMissingRequired(ReadOnlySpan<FeatureCell> row)
    {
        foreach (var column in _requiredColumns)
        {
            if (row[column].Value.IsNull)
            {
                return column;
            }
        }

        return -1;
    }

    private void RunBlock(ReadOnlySpan<long> moments, ReadOnlySpan<FeatureValue> request, Span<FeatureCell> cells)
    {
        var (rows, inputs, columns) = (moments.Length, Service.RequestValues.Count, Service.Columns.Count);
        using var rented = new RentedValues(_slots.Count * rows);
        var values = rented.Values;
        foreach (var index in _slots.RequestInputs)
        {
            var slot = values.Slice(_slots.OfRequest(index) * rows, rows);
            for (var row = 0; row < rows; row++)
            {
                slot[row] = request[(row * inputs) + index];
            }
        }

        foreach (var index in _slots.ColumnInputs)
        {
            var slot = values.Slice(_slots.OfColumn(index) * rows, rows);
            for (var row = 0; row < rows; row++)
            {
                slot[row] = cells[(row * columns) + index].Value;
            }
        }

        Run(moments, values, rows);
        foreach (var index in _slots.Results)
        {
            var slot = values.Slice(_slots.OfColumn(index) * rows, rows);
            for (var row = 0; row < rows; row++)
            {
                cells[(row * columns) + index] = FeatureCell.Of(slot[row]);
            }
        }
    }

    /// <param name="values">Slot after slot.</param>
    /// <param name="stride">Rows that a slot has room for.</param>
    private void Run(ReadOnlySpan<long> moments, Span<FeatureValue> values, int stride)
    {
        var columns = new ExpressionColumns(moments, values, stride, _slots);
        for (var index = 0; index < _transforms.Length; index++)
        {
            _transforms[index].Evaluate(columns, values.Slice(TransformSlots.OfTransform(index) * stride, moments.Length));
        }
    }
}

namespace ZeroWorld.ML.Features;

/// <summary>A feature service compiled once: what to read for a row, and how the row is made of it. Training sets and requests both run it.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class FeatureServicePlan
{
    private readonly TransformProgram[] _transforms;
    private readonly int[] _transformColumns;
    private readonly (int Column, int Value)[] _requestColumns;

    /// <param name="service">The service.</param>
    /// <param name="hasIntegerEventId">Whether the event id column of a view's source is an int64 (the offline table or the push schema knows).</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidDefinition"/>: a transform does not compile.</exception>
    public FeatureServicePlan(FeatureService service, Func<FeatureView, bool> hasIntegerEventId)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(hasIntegerEventId);
        Service = service;
        Views = [.. service.Columns.Where(static column => column.View is not null).Select(static column => column.View!).Distinct()
            .Select(view => new ViewPlan(service, StorageField.Of(view, hasIntegerEventId(view))))];
        Entities = [.. Views.Select(static plan => plan.View.Entity).DistinctBy(static entity => entity.Name)];
        _requestColumns =
        [
            .. service.Columns.Select(static (column, index) => (index, column.RequestValue)).Where(static item => item.RequestValue >= 0),
        ];
        _transforms = TransformProgram.CompileAll(service);
        _transformColumns = [.. service.Transforms.Select(transform => service.Columns.ToList().FindIndex(column => column.Name == transform.Name))];
    }

    public FeatureService Service { get; }

    /// <summary>The views that are read, each once.</summary>
    public IReadOnlyList<ViewPlan> Views { get; }

    /// <summary>The entities whose keys a caller must give, each once.</summary>
    public IReadOnlyList<Entity> Entities { get; }

    /// <summary>Makes one row: view features, defaults, transforms, in the order of the service's columns.</summary>
    /// <param name="q">The moment of the read, microseconds since the epoch.</param>
    /// <param name="request">Request values as the service declares them, defaults already in place.</param>
    /// <param name="views">What was read, one per <see cref="Views"/>.</param>
    /// <param name="row">Receives one cell per column.</param>
    public void BuildRow(long q, ReadOnlySpan<FeatureValue> request, ReadOnlySpan<ViewPayload> views, Span<FeatureCell> row)
    {
        FillRequest(request, row);
        for (var index = 0; index < Views.Count; index++)
        {
            Views[index].Fill(q, request, views[index], row);
        }

        RunTransforms(q, request, row);
    }

    /// <summary>Writes the cells of the request values; the first of the three steps of <see cref="BuildRow"/>, for rows made view by view.</summary>
    public void FillRequest(ReadOnlySpan<FeatureValue> request, Span<FeatureCell> row)
    {
        for (var index = 0; index < _requestColumns.Length; index++)
        {
            var (column, value) = _requestColumns[index];
            row[column] = new FeatureCell(request[value], request[value].IsNull ? FeatureStatus.Null : FeatureStatus.Present, null, false);
        }
    }

    /// <summary>Recomputes only the transforms of a row whose other cells are there: what a replay checks.</summary>
    public void RunTransforms(long q, ReadOnlySpan<FeatureValue> request, Span<FeatureCell> row)
    {
        if (_transforms.Length == 0)
        {
            return;
        }

        var results = new FeatureValue[_transforms.Length];
        for (var index = 0; index < _transforms.Length; index++)
        {
            results[index] = _transforms[index].Evaluate(q, request, row, results);
            if (_transformColumns[index] >= 0)
            {
                var status = results[index].IsNull ? FeatureStatus.Null : FeatureStatus.Present;
                row[_transformColumns[index]] = new FeatureCell(results[index], status, null, false);
            }
        }
    }

    /// <summary>The first column that is required and has neither value nor default, or -1.</summary>
    public int FindMissingRequired(ReadOnlySpan<FeatureCell> row)
    {
        for (var index = 0; index < row.Length; index++)
        {
            var column = Service.Columns[index];
            if (row[index].Value.IsNull && column.View is { } view && view.Fields[column.Field].IsRequired)
            {
                return index;
            }
        }

        return -1;
    }
}

using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features;

/// <summary>A feature service compiled once: what to read for a row, and how the row is made of it. Training sets and requests both run it.</summary>
/// <remarks>Immutable and thread safe. Making a row allocates nothing, apart from the texts and bytes that the row holds.</remarks>
public sealed class FeatureServicePlan
{
    private readonly ViewPlan[] _views;
    private readonly TransformProgram[] _transforms;
    private readonly int[] _transformColumns;
    private readonly (int Request, int Column)[] _requestColumns;
    private readonly int[] _requiredColumns;
    private readonly bool _hasHiddenTransforms;
    private readonly HashSet<int> _readRequest = [];
    private readonly HashSet<int> _readColumns = [];

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
        _transformColumns = [.. Enumerable.Range(0, _transforms.Length).Select(index => TransformProgram.FindColumn(service.Columns, index))];
        _hasHiddenTransforms = _transformColumns.Contains(-1);
        foreach (var transform in _transforms)
        {
            transform.CollectInputs(_readRequest, _readColumns);
        }

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
        FillRequest(request, row);
        for (var index = 0; index < _views.Length; index++)
        {
            _views[index].Fill(q, request, views[index], row);
        }

        RunTransforms(q, request, row);
    }

    /// <summary>Writes the cells of the request values; the first of the three steps of <see cref="BuildRow"/>, for rows made view by view.</summary>
    public void FillRequest(ReadOnlySpan<FeatureValue> request, Span<FeatureCell> row)
    {
        foreach (var (value, column) in _requestColumns)
        {
            row[column] = FeatureCell.Of(request[value]);
        }
    }

    /// <summary>Recomputes only the transforms of a row whose other cells are there: what a replay checks.</summary>
    public void RunTransforms(long q, ReadOnlySpan<FeatureValue> request, Span<FeatureCell> row)
    {
        if (!_hasHiddenTransforms)
        {
            RunTransforms(q, request, row, []);
        }
        else if (_transforms.Length <= HiddenResults.Length)
        {
            var hidden = default(HiddenResults);
            RunTransforms(q, request, row, hidden);
        }
        else
        {
            RunTransforms(q, request, row, new FeatureValue[_transforms.Length]);
        }
    }

    /// <summary>Computes the transforms of many rows, column by column: the operators of <see cref="BuildRow"/>, and the same values.</summary>
    /// <param name="moments">q of each row.</param>
    /// <param name="request">Per request value its column; read only where <see cref="IsTransformInput"/> says so.</param>
    /// <param name="columns">Per column of the service its values. Those of views are read where an expression needs them, those of transforms are written.</param>
    public void RunTransforms(ReadOnlySpan<long> moments, FeatureValue[][] request, FeatureValue[][] columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        var hidden = new FeatureValue[_transforms.Length][];
        for (var index = 0; index < _transforms.Length; index++)
        {
            var results = _transformColumns[index] is >= 0 and var column ? columns[column] : hidden[index] = new FeatureValue[moments.Length];
            _transforms[index].Evaluate(new ExpressionColumns(moments, request, columns, hidden), results.AsSpan(0, moments.Length));
        }
    }

    /// <summary>Whether a transform reads a request value (by its index) or a column of the service.</summary>
    public bool IsTransformInput(bool isRequest, int index) => (isRequest ? _readRequest : _readColumns).Contains(index);

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

    private void RunTransforms(long q, ReadOnlySpan<FeatureValue> request, Span<FeatureCell> row, Span<FeatureValue> hidden)
    {
        var context = new ExpressionContext(q, request, row, hidden);
        for (var index = 0; index < _transforms.Length; index++)
        {
            var result = _transforms[index].Evaluate(context);
            if (_transformColumns[index] is >= 0 and var column)
            {
                row[column] = FeatureCell.Of(result);
            }
            else
            {
                hidden[index] = result;
            }
        }
    }

    /// <summary>Room on the stack for transforms that are no column of their own.</summary>
    [InlineArray(Length)]
    private struct HiddenResults
    {
        public const int Length = 16;

        private FeatureValue _first;
    }
}

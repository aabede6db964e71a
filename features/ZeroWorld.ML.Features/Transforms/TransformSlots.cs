namespace ZeroWorld.ML.Features;

/// <summary>Where the values that the transforms of a service read and write lie, among as few columns as they need.</summary>
/// <remarks>Immutable and thread safe.</remarks>
internal sealed class TransformSlots
{
    private readonly int[] _request;
    private readonly int[] _columns;

    /// <param name="service">The service.</param>
    /// <param name="readRequest">The request values that its transforms read, by index.</param>
    /// <param name="readColumns">The columns of the service that they read.</param>
    public TransformSlots(FeatureService service, IReadOnlySet<int> readRequest, IReadOnlySet<int> readColumns)
    {
        // Transforms come first, so that a transform's slot is its index.
        Count = service.Transforms.Count;
        _request = new int[service.RequestValues.Count];
        for (var index = 0; index < _request.Length; index++)
        {
            _request[index] = readRequest.Contains(index) ? Count++ : -1;
        }

        _columns = new int[service.Columns.Count];
        for (var index = 0; index < _columns.Length; index++)
        {
            _columns[index] = service.Columns[index].Transform is >= 0 and var transform ? transform : readColumns.Contains(index) ? Count++ : -1;
        }

        RequestInputs = [.. Enumerable.Range(0, _request.Length).Where(index => _request[index] >= 0)];
        ColumnInputs = [.. Enumerable.Range(0, _columns.Length).Where(index => _columns[index] >= 0 && service.Columns[index].Transform < 0)];
        Results = [.. Enumerable.Range(0, _columns.Length).Where(index => service.Columns[index].Transform >= 0)];
    }

    private TransformSlots(int count)
    {
        Count = count;
        _request = [.. Enumerable.Range(0, count)];
        (_columns, RequestInputs, ColumnInputs, Results) = ([], _request, [], []);
    }

    /// <summary>So many given values, one behind the other, and nothing else.</summary>
    public static TransformSlots OfValues(int count) => new(count);

    public int Count { get; private set; }

    /// <summary>Request values that are read.</summary>
    public int[] RequestInputs { get; }

    /// <summary>Columns of the service that are read and are no transform.</summary>
    public int[] ColumnInputs { get; }

    /// <summary>Columns of the service that are transforms.</summary>
    public int[] Results { get; }

    public int OfRequest(int index) => _request[index];

    public int OfColumn(int index) => _columns[index];

    public static int OfTransform(int index) => index;
}

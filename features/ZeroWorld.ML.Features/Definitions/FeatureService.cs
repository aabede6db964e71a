namespace ZeroWorld.ML.Features;

/// <summary>What a model asks for: ordered columns of request values, transforms and features of views.</summary>
public sealed record FeatureService
{
    public required string Project { get; init; }

    /// <value><c>[a-z][a-z0-9_]*</c>, at most 64 characters; unique in the project.</value>
    public required string Name { get; init; }

    /// <value>Values that the caller gives. <c>time</c> is not among them: it is always there, a timestamp, q.</value>
    public required IReadOnlyList<RequestValue> RequestValues { get; init; }

    /// <value>In declared order; a transform may read those above it.</value>
    public required IReadOnlyList<Transform> Transforms { get; init; }

    /// <value>The columns, in order; names are unique.</value>
    public required IReadOnlyList<ServiceColumn> Columns { get; init; }

    public DefinitionDetails Details { get; init; } = DefinitionDetails.None;

    /// <value>SHA-256 of the canonical definition with all it rests on, 64 characters of lower-case hex.</value>
    public required string Fingerprint { get; init; }

    /// <summary>The name under which expressions and requests give the moment of the read.</summary>
    public const string TimeValue = "time";
}

/// <param name="Name">Name of the request column.</param>
/// <param name="Type">Its type.</param>
/// <param name="Default">Used when the caller gives none; a typed null makes the value required.</param>
public sealed record RequestValue(string Name, FeatureType Type, FeatureValue Default)
{
    public DefinitionDetails Details { get; init; } = DefinitionDetails.None;
}

/// <param name="Name">Name of the column.</param>
/// <param name="Type">Type of the result.</param>
/// <param name="Expression">Text over request values, <c>time</c>, features of the service and transforms above it.</param>
public sealed record Transform(string Name, FeatureType Type, string Expression)
{
    public DefinitionDetails Details { get; init; } = DefinitionDetails.None;
}

/// <summary>One column of a feature service: exactly one of the three sources is set.</summary>
public sealed record ServiceColumn
{
    public required string Name { get; init; }

    public required FeatureType Type { get; init; }

    /// <value>Index into <see cref="FeatureService.RequestValues"/>, or -1.</value>
    public int RequestValue { get; init; } = -1;

    /// <value>Index into <see cref="FeatureService.Transforms"/>, or -1.</value>
    public int Transform { get; init; } = -1;

    /// <value>The view, or <see langword="null"/>.</value>
    public FeatureView? View { get; init; }

    /// <value>Index into <see cref="FeatureView.Fields"/> of <see cref="View"/>.</value>
    public int Field { get; init; } = -1;
}

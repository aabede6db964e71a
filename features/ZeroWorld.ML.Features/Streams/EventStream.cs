namespace ZeroWorld.ML.Features;

/// <summary>A stream of events: the rows of a table as they happen. Views whose source names the table read it.</summary>
public sealed record EventStream
{
    /// <summary>The column that holds when the broker took an event, for views that declare no created time.</summary>
    public const string ArrivalColumn = "__arrival";

    /// <summary>The column that holds where an event lies in its stream, for views that declare no event id.</summary>
    public const string PositionColumn = "__position";

    public required string Project { get; init; }

    /// <value>Name of the table that it feeds, <c>[a-z][a-z0-9_]*</c>, at most 64 characters; unique in the project.</value>
    public required string Name { get; init; }

    public required EventStreamKind Kind { get; init; }

    /// <value>The key of a Redis stream, or the name of a Kafka topic; 1 to 249 characters.</value>
    public required string Topic { get; init; }

    /// <value>The consumer group; the broker remembers by it what is done. Default <c>zeroworld.PROJECT.NAME</c>.</value>
    public required string Group { get; init; }

    /// <value>Where events go that no view can take. Default: the topic with <c>.dead</c>; <c>{TOPIC}.dead</c> on Redis, so that a cluster keeps the two together.</value>
    public required string DeadLetterTopic { get; init; }

    /// <value>What is read of an event, one or more; other properties of it are not looked at.</value>
    public required IReadOnlyList<StreamColumn> Columns { get; init; }

    /// <value>Whether accepted events are also appended to the table offline, so that training sets see them. Default true.</value>
    public bool IsArchived { get; init; } = true;

    /// <summary>Whether a column holds int64 values; those that every stream has do not.</summary>
    public bool HasIntegerColumn(string column) => StreamColumns.TypeOf(this, column) == FeatureType.Int64;

    public DefinitionDetails Details { get; init; } = DefinitionDetails.None;
}

/// <summary>Which kind of broker holds a stream.</summary>
public enum EventStreamKind
{
    Redis,
    Kafka,
}

/// <param name="Name">Name of the column, as views read it.</param>
/// <param name="Type">Type of its values.</param>
/// <param name="Field">The JSON property that holds it.</param>
/// <param name="UnitMicroseconds">What a number counts in a column of times: 1 (microseconds) by default. Texts are RFC 3339 with a zone.</param>
public sealed record StreamColumn(string Name, FeatureType Type, string Field, long UnitMicroseconds = 1)
{
    /// <value>Whether a number counts nanoseconds, floored to microseconds.</value>
    public bool IsNanoseconds => UnitMicroseconds == 0;
}

namespace ZeroWorld.ML.Features;

/// <summary>Writes rows of one fixed schema as files; used for logs.</summary>
/// <remarks>Not thread safe: one writer loop owns a sink.</remarks>
public interface IRowSink
{
    /// <summary>Writes one complete file, under a temporary name first; it appears whole or not at all.</summary>
    /// <param name="path">Path relative to the sink's root, with '/'.</param>
    /// <param name="columns">Columns of equal length.</param>
    Task WriteFileAsync(string path, IReadOnlyList<SinkColumn> columns, CancellationToken cancellationToken);
}

/// <summary>A column of a file: exactly one element per row.</summary>
/// <param name="Name">Name of the column.</param>
/// <param name="Values">
/// <c>int[]</c>, <c>long[]</c>, <c>string?[]</c>, <c>byte[]?[]</c>, or lists per row: <c>double?[][]</c>, <c>long?[][]</c>, <c>int[][]</c>, <c>bool[][]</c>, <c>string?[][]</c>.
/// </param>
public sealed record SinkColumn(string Name, Array Values);

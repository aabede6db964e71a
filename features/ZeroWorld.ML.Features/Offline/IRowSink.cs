namespace ZeroWorld.ML.Features;

/// <summary>Writes rows of one fixed schema as files; used for logs.</summary>
/// <remarks>Not thread safe: one writer loop owns a sink.</remarks>
public interface IRowSink
{
    /// <summary>Writes one complete file, under a temporary name first; it appears whole or not at all.</summary>
    /// <param name="path">Path relative to the sink's root, with '/'.</param>
    /// <param name="columns">Columns of equal length. Their arrays are the caller's again when the task is complete.</param>
    Task WriteFileAsync(string path, IReadOnlyList<SinkColumn> columns, CancellationToken cancellationToken);
}

/// <summary>A column of a file: one element per row.</summary>
/// <param name="Name">Name of the column.</param>
/// <param name="Values"><c>int[]</c>, <c>long[]</c> or <c>string?[]</c>; it may be longer than the column.</param>
public record SinkColumn(string Name, Array Values)
{
    /// <value>Rows of the column: as many as there are values where nobody says.</value>
    public int Rows { get; init; } = Values.Length;
}

/// <summary>A column of lists, bytes or texts in one flat array: for logs, whose rows wait by the thousand and should be few objects.</summary>
/// <param name="Name">Name of the column.</param>
/// <param name="Elements">
/// Elements of all rows, one row after the other; it may be longer. <c>double[]</c>, <c>long[]</c>, <c>int[]</c>, <c>bool[]</c> or <c>string?[]</c>: a list
/// per row. <c>byte[]</c>: bytes per row. <c>char[]</c>: a text per row.
/// </param>
/// <param name="Lengths">Elements of each row; -1: the row has none, not even an empty list. It may be longer than the column.</param>
/// <param name="AreNull">Which elements of a <c>double[]</c> or <c>long[]</c> are null; <see langword="null"/>: none is.</param>
public sealed record SinkLists(string Name, Array Elements, int[] Lengths, bool[]? AreNull = null) : SinkColumn(Name, Lengths)
{
    /// <value>Whether its texts are a few that come again and again: each is stored once then, and rows refer to it.</value>
    public bool HasFewTexts { get; init; }
}

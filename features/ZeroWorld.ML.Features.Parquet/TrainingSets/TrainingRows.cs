namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Makes the rows of a training set, block by block in the order of the spine.</summary>
internal sealed class TrainingRows(TrainingSetRequest request, SpineTable spine)
{
    // One is filled while the other one is written.
    private readonly TrainingBlock[] _blocks = [new(request, spine), new(request, spine)];
    private int _next;

    /// <summary>Every column of the training set, in order.</summary>
    public IReadOnlyList<ColumnBuffer> Columns => _blocks[0].Buffers;

    /// <returns>Per column of <see cref="Columns"/> what counts its values; nothing for statuses.</returns>
    public ColumnStatisticsBuilder?[] CreateStatistics() => _blocks[0].CreateStatistics();

    /// <param name="cells">Per column of the service the cells of its view.</param>
    /// <returns>Full blocks and the rest; each may be used until the next but one is asked for.</returns>
    public IEnumerable<TrainingBlock> Assemble(DuckDbSession session, SpineRange range, ViewCells?[] cells, CancellationToken cancellationToken)
    {
        using var rows = session.QueryVectors(TrainingBlock.SpineStatement(request, spine, range), cancellationToken);
        var block = NextBlock();
        var done = 0;
        while (rows.Read())
        {
            CheckOrder(rows, range.First + done);
            for (var from = 0; from < rows.Count;)
            {
                var count = block.Take(rows, from);
                (from, done) = (from + count, done + count);
                if (block.Count == ColumnBuffer.BlockRows)
                {
                    block.Complete(done - block.Count, cells);
                    yield return block;
                    block = NextBlock();
                }
            }
        }

        if (block.Count > 0)
        {
            block.Complete(done - block.Count, cells);
            yield return block;
        }
    }

    private TrainingBlock NextBlock()
    {
        var block = _blocks[_next++ % _blocks.Length];
        block.Clear();
        return block;
    }

    private static void CheckOrder(DuckDbVectors rows, long expected)
    {
        if (rows.Column(0).Int64[0] != expected)
        {
            throw new InvalidOperationException($"The engine returned spine row {rows.Column(0).Int64[0]} in the place of row {expected}.");
        }
    }
}

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Makes the rows of a training set, block by block in the order of the spine.</summary>
internal sealed class TrainingRows(TrainingSetRequest request, SpineTable spine, TrainingOutput output)
{
    /// <param name="cells">Per column of the service the cells of its view.</param>
    /// <returns>Full blocks of the output and the rest, none of them empty; each is to be written before the next one is asked for.</returns>
    public IEnumerable<TrainingBlock> Assemble(DuckDbSession session, SpineRange range, ViewCells?[] cells, CancellationToken cancellationToken)
    {
        // Alone: a reader of what several of the engine's threads make looks for work again and again while it waits for them.
        using var alone = session.LimitThreads(1);
        using var rows = session.QueryVectors(TrainingBlock.SpineStatement(request, spine, range), cancellationToken);
        var block = default(TrainingBlock);
        var done = 0;
        while (rows.Read())
        {
            CheckOrder(rows, range.First + done);
            for (var from = 0; from < rows.Count;)
            {
                block ??= output.Rent();
                var count = block.Take(rows, from);
                (from, done) = (from + count, done + count);
                if (block.Count == ColumnBuffer.BlockRows)
                {
                    block.Complete(done - block.Count, cells);
                    yield return block;
                    block = null;
                }
            }
        }

        if (block is not null)
        {
            block.Complete(done - block.Count, cells);
            yield return block;
        }
    }

    private static void CheckOrder(DuckDbVectors rows, long expected)
    {
        if (rows.Column(0).Int64[0] != expected)
        {
            throw new InvalidOperationException($"The engine returned spine row {rows.Column(0).Int64[0]} in the place of row {expected}.");
        }
    }
}

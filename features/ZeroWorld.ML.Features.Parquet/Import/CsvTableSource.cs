namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Fills blocks of columns from a .csv or .csv.gz file.</summary>
internal sealed class CsvTableSource : IDisposable
{
    private readonly string _path;
    private readonly IReadOnlyList<OfflineColumn> _declared;
    private readonly bool[] _notNull;
    private readonly CsvValueParser _parser;
    private readonly CsvTableFile _file;

    public CsvTableSource(TableImport import, bool[] notNull)
    {
        _path = import.Path;
        _declared = import.Columns;
        _notNull = notNull;
        _parser = new CsvValueParser(import);
        _file = new CsvTableFile(_path, _declared.Select(static column => column.Name));
    }

    /// <summary>Fills the buffers block after block; each number is the rows of one block.</summary>
    public IEnumerable<int> ReadBlocks(ColumnBuffer[] columns, CancellationToken cancellationToken)
    {
        int[] positions = [.. _declared.Select(column => _file.PositionOf(column.Name))];
        var rows = 0;
        while (_file.Read())
        {
            SetRow(columns, positions, rows++);
            if (rows == ColumnBuffer.BlockRows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return rows;
                rows = 0;
            }
        }

        if (rows > 0)
        {
            yield return rows;
        }
    }

    /// <summary>Which part of the file is read, 0 to 1.</summary>
    public double Share => _file.Share;

    public void Dispose() => _file.Dispose();

    private void SetRow(ColumnBuffer[] columns, int[] positions, int row)
    {
        for (var index = 0; index < columns.Length; index++)
        {
            var position = positions[index];
            if (_parser.TrySet(_file.Get(position), _file.IsQuoted(position), columns[index], row) is { } expected)
            {
                throw _file.OrDamaged(ImportFailure.Value(_path, "line", _file.Line, columns[index].Name, _file.Get(position), expected));
            }

            if (_notNull[index] && columns[index].Nulls[row])
            {
                throw _file.OrDamaged(ImportFailure.NoValue(_path, "line", _file.Line, columns[index].Name, _declared[index].Type));
            }

            if (_notNull[index] && !columns[index].IsFinite(row))
            {
                throw _file.OrDamaged(ImportFailure.NotFinite(_path, "line", _file.Line, columns[index].Name, _file.Get(position)));
            }
        }
    }
}

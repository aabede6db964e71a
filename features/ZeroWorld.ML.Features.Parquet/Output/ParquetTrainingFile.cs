using System.Buffers;
using System.Buffers.Binary;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A training set as Parquet: a row group of each group of blocks.</summary>
/// <remarks>https://github.com/apache/parquet-format, FileMetaData of parquet.thrift.</remarks>
internal sealed class ParquetTrainingFile : TrainingFile
{
    private const int Version = 2;
    private readonly ParquetColumn[] _columns;
    private readonly ArrayBufferWriter<byte> _groups = new();
    private readonly WriteBack _writeBack;
    private long _end;
    private int _count;
    private long _rows;

    /// <param name="columns">Names and kinds of the columns.</param>
    public ParquetTrainingFile(FileStream stream, IReadOnlyList<ColumnBuffer> columns)
        : base(stream)
    {
        _columns = [.. columns.Select(static column => new ParquetColumn(column.Name, column.Kind))];
        _writeBack = new WriteBack(stream.SafeFileHandle);
        RandomAccess.Write(stream.SafeFileHandle, Magic, 0);
        _end = Magic.Length;
    }

    private static ReadOnlySpan<byte> Magic => "PAR1"u8;

    public override TrainingGroup CreateGroup() => new Group(_columns);

    public override void Place(TrainingGroup group)
    {
        var placed = (Group)group;
        placed.Start = _end;
        var thrift = new ThriftWriter(_groups);
        thrift.Begin();
        thrift.BeginList(1, placed.Chunks.Length);
        foreach (var chunk in placed.Chunks)
        {
            chunk.WriteMetadata(thrift, _end);
            _end += chunk.Bytes.WrittenCount;
        }

        thrift.Write(2, placed.Chunks.Sum(static chunk => chunk.PlainBytes));
        thrift.Write(3, (long)placed.Rows);
        thrift.Write(5, placed.Start);
        thrift.Write(6, _end - placed.Start);
        thrift.End();
        _count++;
        _rows += placed.Rows;

        // But for what other threads are still writing; the flush finds that.
        _writeBack.Send(placed.Start);
    }

    public override void Write(TrainingGroup group)
    {
        var at = ((Group)group).Start;
        foreach (var chunk in ((Group)group).Chunks)
        {
            RandomAccess.Write(Stream.SafeFileHandle, chunk.Bytes.WrittenSpan, at);
            at += chunk.Bytes.WrittenCount;
        }
    }

    public override void Complete(string card)
    {
        var footer = new ArrayBufferWriter<byte>();
        WriteFooter(footer, new ThriftWriter(footer), card);
        BinaryPrimitives.WriteInt32LittleEndian(footer.GetSpan(sizeof(int)), footer.WrittenCount);
        footer.Advance(sizeof(int));
        footer.Write(Magic);
        RandomAccess.Write(Stream.SafeFileHandle, footer.WrittenSpan, _end);
        Flush();
    }

    private void WriteFooter(ArrayBufferWriter<byte> footer, ThriftWriter thrift, string card)
    {
        thrift.Begin();
        thrift.Write(1, Version);
        thrift.BeginList(2, 1 + _columns.Sum(static column => column.Elements));
        thrift.Begin();
        thrift.Write(4, "schema");
        thrift.Write(5, _columns.Length);
        thrift.End();
        foreach (var column in _columns)
        {
            column.WriteSchema(thrift);
        }

        thrift.Write(3, _rows);
        thrift.BeginList(4, _count);
        footer.Write(_groups.WrittenSpan);
        thrift.BeginList(5, 1);
        thrift.Begin();
        thrift.Write(1, TrainingSetCard.Key);
        thrift.Write(2, card);
        thrift.End();
        thrift.Write(6, "zeroworld");

        // Least and greatest are meant in the order of the type.
        thrift.BeginList(7, _columns.Length);
        for (var index = 0; index < _columns.Length; index++)
        {
            thrift.Begin();
            thrift.WriteEmpty(1);
            thrift.End();
        }

        thrift.End();
    }

    private sealed class Group : TrainingGroup
    {
        private readonly ParquetScratch _scratch = new();

        public Group(ParquetColumn[] columns) => Chunks = [.. columns.Select(column => new ParquetChunk(column, _scratch))];

        public ParquetChunk[] Chunks { get; }

        public int Rows { get; private set; }

        /// <summary>Where it goes.</summary>
        public long Start { get; set; }

        public override void Encode(IReadOnlyList<IColumnBlock> blocks)
        {
            Rows = blocks.Sum(static block => block.Count);
            for (var ordinal = 0; ordinal < Chunks.Length; ordinal++)
            {
                Chunks[ordinal].Encode(blocks, ordinal);
            }
        }

        public override void Dispose() => _scratch.Dispose();
    }
}

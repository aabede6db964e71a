using System.Runtime.InteropServices;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using Microsoft.Win32.SafeHandles;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A training set as an Arrow IPC stream: a batch of each block.</summary>
internal sealed class ArrowTrainingFile : TrainingFile
{
    private readonly LateText _card;
    private readonly Schema _schema;
    private readonly string _path;
    private long _end;

    /// <param name="path">Of the stream's file.</param>
    /// <param name="columns">Names and kinds of the columns.</param>
    /// <param name="cardBytesMax">Room for the card at the start of the stream, which is known when all rows are.</param>
    public ArrowTrainingFile(FileStream stream, string path, IReadOnlyList<ColumnBuffer> columns, int cardBytesMax)
        : base(stream)
    {
        _path = path;
        _card = new LateText(cardBytesMax);
        _schema = new Schema(
            columns.Select(static column => new Field(column.Name, TypeOf(column.Kind), true)), [new KeyValuePair<string, string>(TrainingSetCard.Key, _card.Placeholder)]);
        using var target = new PlacedStream(stream.SafeFileHandle);
        using var writer = new ArrowStreamWriter(target, _schema, leaveOpen: true);
        target.Begin(0, isWritten: true);
        writer.WriteStart();
        target.Flush();
        _end = target.Position;
    }

    public static bool IsName(string path) =>
        path.EndsWith(".arrow", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".arrows", StringComparison.OrdinalIgnoreCase);

    public override TrainingGroup CreateGroup() => new Group(_schema, Stream.SafeFileHandle);

    public override void Place(TrainingGroup group)
    {
        var placed = (Group)group;
        placed.Start = _end;
        _end += placed.Length;
    }

    public override void Write(TrainingGroup group) => ((Group)group).Write(isWritten: true);

    public override void Complete(string card)
    {
        using var target = new PlacedStream(Stream.SafeFileHandle);
        using var writer = new ArrowStreamWriter(target, _schema, leaveOpen: true);
        writer.WriteStart();
        target.Begin(_end, isWritten: true);
        writer.WriteEnd();
        target.Flush();
        Stream.Dispose();
        _card.FillSchema(_path, card);
    }

    private static IArrowType TypeOf(ColumnKind kind) => kind switch
    {
        ColumnKind.Bool => BooleanType.Default,
        ColumnKind.Int32 => Int32Type.Default,
        ColumnKind.Int64 => Int64Type.Default,
        ColumnKind.Float32 => FloatType.Default,
        ColumnKind.Float64 => DoubleType.Default,
        ColumnKind.String => StringType.Default,
        ColumnKind.Bytes => BinaryType.Default,
        ColumnKind.Timestamp => new TimestampType(TimeUnit.Microsecond, "Etc/UTC"),
        ColumnKind.Int64List => new ListType(Int64Type.Default),
        ColumnKind.Float64List => new ListType(DoubleType.Default),
        ColumnKind.StringList => new ListType(StringType.Default),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private sealed class Group : TrainingGroup
    {
        private readonly Schema _schema;
        private readonly PlacedStream _target;
        private readonly ArrowStreamWriter _writer;
        private readonly List<RecordBatch> _batches = [];

        public Group(Schema schema, SafeFileHandle file)
        {
            _schema = schema;
            _target = new PlacedStream(file);
            _writer = new ArrowStreamWriter(_target, schema, leaveOpen: true);

            // Each writer begins with the schema, which is in the file by now.
            _writer.WriteStart();
        }

        /// <summary>Bytes of the batches as they are written.</summary>
        public long Length { get; private set; }

        /// <summary>Where they go.</summary>
        public long Start { get; set; }

        public override void Encode(IReadOnlyList<IColumnBlock> blocks)
        {
            Clear();
            foreach (var block in blocks)
            {
                _batches.Add(new RecordBatch(
                    _schema, _schema.FieldsList.Select((field, ordinal) => ArrowArrayFactory.BuildArray(ArrayOf(field.DataType, block.Buffers[ordinal], block.Count))), block.Count));
            }

            Start = 0;
            Write(isWritten: false);
            Length = _target.Position;
        }

        public void Write(bool isWritten)
        {
            _target.Begin(Start, isWritten);
            foreach (var batch in _batches)
            {
                _writer.WriteRecordBatch(batch);
            }

            _target.Flush();
        }

        public override void Dispose()
        {
            Clear();
            _writer.Dispose();
            _target.Dispose();
        }

        private void Clear()
        {
            foreach (var batch in _batches)
            {
                batch.Dispose();
            }

            _batches.Clear();
        }

        private static ArrayData ArrayOf(IArrowType type, ColumnBuffer column, int rows)
        {
            var nulls = column.Nulls.AsSpan(0, rows);
            var missing = nulls.Count(true);
            var validity = missing == 0 ? ArrowBuffer.Empty : new ArrowBuffer(BitsOf(nulls, areSet: false));
            if (type is ListType list)
            {
                return ListOf(list, column, rows, missing, validity);
            }

            return ColumnTypes.IsOfBytes(column.Kind)
                ? new ArrayData(type, rows, missing, 0, [validity, .. TextsOf(column, rows)])
                : new ArrayData(type, rows, missing, 0, [validity, ScalarsOf(column, rows)]);
        }

        private static ArrowBuffer ScalarsOf(ColumnBuffer column, int rows)
        {
            var bits = column.Bits.AsSpan(0, rows);
            if (column.Kind == ColumnKind.Bool)
            {
                var flags = new bool[rows];
                for (var row = 0; row < rows; row++)
                {
                    flags[row] = bits[row] != 0;
                }

                return new ArrowBuffer(BitsOf(flags, areSet: true));
            }

            if (column.Kind is not (ColumnKind.Int32 or ColumnKind.Float32))
            {
                // The block's own memory: it is written before the block is used again.
                return new ArrowBuffer(new WordMemory(column.Bits, rows).Memory);
            }

            var narrow = new int[rows];
            for (var row = 0; row < rows; row++)
            {
                narrow[row] = (int)bits[row];
            }

            return new ArrowBuffer(MemoryMarshal.AsBytes(narrow.AsSpan()).ToArray());
        }

        private static byte[] BitsOf(ReadOnlySpan<bool> flags, bool areSet)
        {
            var output = new System.Buffers.ArrayBufferWriter<byte>((flags.Length / 8) + 1);
            PageEncoding.WriteBits(output, flags, areSet);
            return output.WrittenSpan.ToArray();
        }

        private static ArrowBuffer[] TextsOf(ColumnBuffer column, int rows)
        {
            var ends = new int[rows + 1];
            for (var row = 0; row < rows; row++)
            {
                ends[row + 1] = checked(ends[row] + (column.Nulls[row] ? 0 : column.BytesAt(row).Length));
            }

            var bytes = new byte[ends[rows]];
            for (var row = 0; row < rows; row++)
            {
                (column.Nulls[row] ? default : column.BytesAt(row)).CopyTo(bytes.AsSpan(ends[row]));
            }

            return [new ArrowBuffer(MemoryMarshal.AsBytes(ends.AsSpan()).ToArray()), new ArrowBuffer(bytes)];
        }

        // Elements are never null.
        private static ArrayData ListOf(ListType type, ColumnBuffer column, int rows, int missing, ArrowBuffer validity)
        {
            var ends = new int[rows + 1];
            for (var row = 0; row < rows; row++)
            {
                ends[row + 1] = checked(ends[row] + (column.Nulls[row] ? 0 : ListBytes.CountOf(column.Kind, column.BytesAt(row))));
            }

            var offsets = new ArrowBuffer(MemoryMarshal.AsBytes(ends.AsSpan()).ToArray());
            var texts = TextsOf(column, rows);
            var elements = column.Kind == ColumnKind.StringList
                ? new ArrayData(type.ValueDataType, ends[rows], 0, 0, [ArrowBuffer.Empty, .. Elements(texts[1].Span, ends[rows])])
                : new ArrayData(type.ValueDataType, ends[rows], 0, 0, [ArrowBuffer.Empty, texts[1]]);
            return new ArrayData(type, rows, missing, 0, [validity, offsets], [elements]);
        }

        private static ArrowBuffer[] Elements(ReadOnlySpan<byte> texts, int count)
        {
            var (ends, bytes) = (new int[count + 1], new byte[texts.Length - (count * sizeof(int))]);
            for (var index = 0; index < count; index++)
            {
                var text = ListBytes.TextOf(texts);
                text.CopyTo(bytes.AsSpan(ends[index]));
                ends[index + 1] = ends[index] + text.Length;
                texts = texts[(sizeof(int) + text.Length)..];
            }

            return [new ArrowBuffer(MemoryMarshal.AsBytes(ends.AsSpan()).ToArray()), new ArrowBuffer(bytes)];
        }
    }
}

using Apache.Arrow;
using Apache.Arrow.Ipc;
using global::Parquet;
using global::Parquet.Data;
using global::Parquet.Schema;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>What blocks become in a file is what other readers find there: the engine, Parquet.Net, Arrow.</summary>
public sealed class TrainingFileTests : IDisposable
{
    private static readonly (string Name, ColumnKind Kind, Func<Random, int, object?> Value)[] Shapes =
    [
        ("few", ColumnKind.Int64, static (random, _) => (long)random.Next(7)),
        ("many", ColumnKind.Int64, static (random, _) => random.NextInt64()),
        ("extremes", ColumnKind.Int64, static (random, row) => row % 2 == 0 ? long.MinValue + random.Next(3) : long.MaxValue - random.Next(3)),
        ("ascending", ColumnKind.Int64, static (_, row) => row * 3L),
        ("descending", ColumnKind.Int64, static (random, row) => (long)-row * random.Next(1, 1000)),
        ("one", ColumnKind.Int64, static (_, _) => 5L),
        ("none", ColumnKind.Int64, static (_, _) => null),
        ("holes", ColumnKind.Int64, static (random, row) => random.Next(3) == 0 ? null : (long)row),
        ("half", ColumnKind.Int64, static (random, row) => row < 9000 ? 1L : random.NextInt64()),
        ("status", ColumnKind.Int32, static (random, _) => random.Next(1, 6)),
        ("numbers", ColumnKind.Int32, static (random, _) => random.Next(int.MinValue, int.MaxValue)),
        ("flag", ColumnKind.Bool, static (random, _) => random.Next(3) switch { 0 => null, var other => other == 1 }),
        ("time", ColumnKind.Timestamp, static (random, _) => random.NextInt64(-1_000_000_000_000, 2_000_000_000_000_000)),
        ("real", ColumnKind.Float64, static (random, row) => (row % 11) switch { 0 => null, 1 => double.NaN, 2 => -0.0, 3 => double.NegativeInfinity, _ => random.NextDouble() }),
        ("prices", ColumnKind.Float64, static (random, _) => random.Next(500) / 100.0),
        ("small", ColumnKind.Float32, static (random, row) => row % 5 == 0 ? null : (float)random.NextDouble()),
        ("text", ColumnKind.String, static (random, _) => random.Next(4) switch { 0 => null, 1 => string.Empty, 2 => "Zürich 東京", _ => new string('x', random.Next(40)) }),
        ("noise", ColumnKind.Bytes, static (random, row) => row % 3 == 0 ? null : Noise(random, row % 17)),
        ("counts", ColumnKind.Int64List, static (random, row) => row % 4 == 0 ? null : FeatureValue.FromInt64List([.. Enumerable.Range(0, row % 5).Select(_ => random.NextInt64())])),
        ("vector", ColumnKind.Float64List, static (random, row) => FeatureValue.FromFloat64List([.. Enumerable.Range(0, row % 3).Select(_ => random.NextDouble())])),
        ("words", ColumnKind.StringList, static (random, row) => row % 7 == 0 ? null : FeatureValue.FromStringList([.. Enumerable.Range(0, row % 4).Select(index => new string('ä', random.Next(index + 1)))])),
    ];

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8191)]
    [InlineData(20000)]
    public void Parquet_EveryKindOfColumn_IsReadByTheEngine(int rows)
    {
        var (path, values) = Write("set.parquet", rows);

        using var session = new DuckDbSession(_folder.Options);
        var columns = string.Join(", ", Shapes.Select(static shape => shape.Kind == ColumnKind.Timestamp ? $"epoch_us({shape.Name})" : shape.Name));
        using var read = session.Query($"SELECT {columns} FROM {Sql.Scan([path])}", Token);
        var row = 0;
        for (; read.Read(); row++)
        {
            for (var column = 0; column < Shapes.Length; column++)
            {
                Assert.Equal(Text(values[column][row]), Text(read.GetObject(column)));
            }
        }

        Assert.Equal(rows, row);
    }

    [Fact]
    public void Parquet_Ranges_LeadAReaderToEveryRow()
    {
        var (path, values) = Write("set.parquet", 20000);

        using var session = new DuckDbSession(_folder.Options);
        foreach (var (name, literal) in new[] { ("few", "6"), ("extremes", "-9223372036854775808"), ("ascending", "59997"), ("time", null), ("real", "-0.0"), ("prices", "4.99"), ("numbers", null), ("holes", null) })
        {
            var column = System.Array.FindIndex(Shapes, shape => shape.Name == name);
            var wanted = literal ?? Text(values[column].Skip(15000).First(static value => value is not null));
            var expression = Shapes[column].Kind == ColumnKind.Timestamp ? $"{name} = make_timestamptz({wanted}::BIGINT)" : $"{name} = {wanted}";
            using var found = session.Query($"SELECT count(*) FROM {Sql.Scan([path])} WHERE {expression}", Token);
            using var counted = session.Query($"SELECT count(*) FILTER ({expression}) FROM {Sql.Scan([path])}", Token);
            Assert.True(found.Read() && counted.Read());
            Assert.True(found.GetInt64(0) > 0, name);
            Assert.Equal(counted.GetInt64(0), found.GetInt64(0));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8191)]
    [InlineData(20000)]
    public async Task Parquet_EveryKindOfColumn_IsReadByParquetNet(int rows)
    {
        var (path, values) = Write("set.parquet", rows);

        await using var reader = await ParquetReader.CreateAsync(path, cancellationToken: Token);
        Assert.Equal(Shapes.Select(static shape => shape.Name), reader.Schema.Fields.Select(static field => field.Name));
        Assert.Equal("{}", reader.CustomMetadata[TrainingSetCard.Key]);
        var read = Shapes.Select(static _ => new List<string>()).ToArray();
        for (var index = 0; index < reader.RowGroupCount; index++)
        {
            using var group = reader.OpenRowGroupReader(index);
            for (var column = 0; column < Shapes.Length; column++)
            {
                read[column].AddRange((await ReadAsync(group, reader.Schema.DataFields[column], Shapes[column].Kind)).Select(Text));
            }
        }

        for (var column = 0; column < Shapes.Length; column++)
        {
            Assert.Equal(values[column].Select(Text), read[column]);
        }
    }

    [Fact]
    public async Task Arrow_EveryKindOfColumn_IsReadByArrow()
    {
        var (path, values) = Write("set.arrow", 9000);

        using var reader = new ArrowStreamReader(File.OpenRead(path));
        var row = 0;
        while (await reader.ReadNextRecordBatchAsync(Token) is { } batch)
        {
            for (var at = 0; at < batch.Length; at++, row++)
            {
                for (var column = 0; column < Shapes.Length; column++)
                {
                    Assert.Equal(Text(values[column][row]), Text(ValueOf(batch.Column(column), at)));
                }
            }

            batch.Dispose();
        }

        Assert.Equal(9000, row);
        Assert.Equal("{}", reader.Schema.Metadata[TrainingSetCard.Key].TrimEnd());
    }

    private static Task<object?[]> ReadAsync(ParquetRowGroupReader group, DataField field, ColumnKind kind) => kind switch
    {
        ColumnKind.Int64 => ReadAsync<long>(group, field),
        ColumnKind.Int32 => ReadAsync<int>(group, field),
        ColumnKind.Bool => ReadAsync<bool>(group, field),
        ColumnKind.Float64 => ReadAsync<double>(group, field),
        ColumnKind.Float32 => ReadAsync<float>(group, field),
        ColumnKind.Timestamp => ReadAsync<DateTime>(group, field),
        ColumnKind.String => ReadTextsAsync(group, field),
        ColumnKind.Bytes => ReadBytesAsync(group, field),
        _ => ReadListsAsync(group, field),
    };

    private static async Task<object?[]> ReadAsync<T>(ParquetRowGroupReader group, DataField field)
        where T : struct
    {
        var values = new T?[group.RowCount];
        await group.ReadAsync<T>(field, values, null, Token);
        return [.. values.Select(static value => value is DateTime time ? (time - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond : (object?)value)];
    }

    private static async Task<object?[]> ReadTextsAsync(ParquetRowGroupReader group, DataField field)
    {
        var values = new string?[group.RowCount];
        await group.ReadAsync(field, values.AsMemory()!, null, Token);
        return values;
    }

    private static async Task<object?[]> ReadBytesAsync(ParquetRowGroupReader group, DataField field)
    {
        var values = new byte[]?[group.RowCount];
        await group.ReadAsync(field, values.AsMemory()!, null, Token);
        return values;
    }

    // Rows by the levels: 0 stands for no list, 1 for an empty one and 3 for an element.
    private static async Task<object?[]> ReadListsAsync(ParquetRowGroupReader group, DataField field)
    {
        const int Element = 3;
        using var raw = await group.ReadRawColumnDataBaseAsync(field, Token);
        object[] values = raw switch
        {
            RawColumnData<long> numbers => [.. numbers.Values.ToArray().Cast<object>()],
            RawColumnData<double> numbers => [.. numbers.Values.ToArray().Cast<object>()],
            RawColumnData<ReadOnlyMemory<char>> texts => [.. texts.Values.ToArray().Select(static text => text.ToString())],
            _ => throw new ArgumentOutOfRangeException(nameof(field), raw.GetType(), null),
        };
        var (definitions, repetitions) = (raw.DefinitionLevels.ToArray(), raw.RepetitionLevels.ToArray());
        var rows = new List<object?>();
        var (index, at) = (0, 0);
        while (index < definitions.Length)
        {
            Assert.Equal(0, repetitions[index]);
            var elements = definitions[index] == 0 ? null : new List<object>();
            do
            {
                elements?.AddRange(definitions[index] == Element ? [values[at++]] : []);
            }
            while (++index < definitions.Length && repetitions[index] == 1);
            rows.Add(elements);
        }

        return [.. rows];
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static object? ValueOf(IArrowArray array, int row) => array.IsNull(row)
        ? null
        : array switch
        {
            Int32Array numbers => numbers.GetValue(row),
            Int64Array numbers => numbers.GetValue(row),
            FloatArray numbers => numbers.GetValue(row),
            DoubleArray numbers => numbers.GetValue(row),
            BooleanArray flags => flags.GetValue(row),
            TimestampArray times => times.GetValue(row),
            StringArray texts => texts.GetString(row),
            BinaryArray bytes => bytes.GetBytes(row).ToArray(),
            ListArray lists => Enumerable.Range(0, lists.GetSlicedValues(row).Length).Select(index => ValueOf(lists.GetSlicedValues(row), index)).ToArray(),
            _ => throw new ArgumentOutOfRangeException(nameof(array), array.GetType(), null),
        };

    // One form for what buffers, the engine and Arrow hold.
    private static string Text(object? value) => value switch
    {
        null => "null",
        double number => BitConverter.DoubleToInt64Bits(number).ToString("x", System.Globalization.CultureInfo.InvariantCulture),
        float number => BitConverter.SingleToInt32Bits(number).ToString("x", System.Globalization.CultureInfo.InvariantCulture),
        byte[] bytes => Convert.ToHexString(bytes),
        FeatureValue list => list.Type switch
        {
            FeatureType.Int64List => Text(list.AsInt64List().ToArray()),
            FeatureType.Float64List => Text(list.AsFloat64List().ToArray()),
            _ => Text(list.AsStringList().ToArray()),
        },
        string text => $"'{text}'",
        System.Collections.IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(Text))}]",
        IFormattable other => other.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString() ?? string.Empty,
    };

    [Fact]
    public void Open_BesideWhatAKilledProcessLeft_DeletesItAndNothingElse()
    {
        var path = _folder.PathOf("set.parquet");
        string[] left = [ParquetFile.TemporaryPathOf(path), ParquetFile.TemporaryPathOf(path + ".json")];
        var written = ParquetFile.TemporaryPathOf(path);
        string[] others = [path + ".old.tmp", ParquetFile.TemporaryPathOf(_folder.PathOf("set.parquet.x"))];
        foreach (var file in left.Concat(others))
        {
            File.WriteAllText(file, "x");
        }

        using var writer = new FileStream(written, FileMode.CreateNew, FileAccess.Write);

        using var output = new TrainingOutput(path, [new ColumnBuffer("a", ColumnKind.Int64)], 100);

        Assert.All(left, static file => Assert.False(File.Exists(file)));
        Assert.All([.. others, written], static file => Assert.True(File.Exists(file)));
    }

    private (string Path, object?[][] Values) Write(string name, int rows)
    {
        const int BlocksPerGroup = 2;
        var (path, random) = (_folder.PathOf(name), new Random(rows));
        var values = Shapes.Select(shape => Enumerable.Range(0, rows).Select(row => shape.Value(random, row)).ToArray()).ToArray();
        ColumnBuffer[] columns = [.. Shapes.Select(static shape => new ColumnBuffer(shape.Name, shape.Kind))];
        using (var output = new TrainingOutput(path, columns, 100))
        {
            using var group = output.CreateGroup();
            Block[] blocks = [.. Enumerable.Range(0, (rows + ColumnBuffer.BlockRows - 1) / ColumnBuffer.BlockRows).Select(index => Fill(values, index * ColumnBuffer.BlockRows, rows))];
            foreach (var some in blocks.Chunk(BlocksPerGroup))
            {
                group.Encode(some);
                output.Place(group);
                output.Write(group);
            }

            output.Complete("{}", path + ".json");
        }

        return (path, values);
    }

    private static Block Fill(object?[][] values, int from, int rows)
    {
        var block = new Block([.. Shapes.Select(static shape => new ColumnBuffer(shape.Name, shape.Kind))], Math.Min(ColumnBuffer.BlockRows, rows - from));
        for (var column = 0; column < values.Length; column++)
        {
            for (var row = 0; row < block.Count; row++)
            {
                Set(block.Buffers[column], row, values[column][from + row]);
            }
        }

        return block;
    }

    private static void Set(ColumnBuffer buffer, int row, object? value)
    {
        switch (value)
        {
            case null: buffer.SetNull(row); break;
            case long number: buffer.SetBits(row, number); break;
            case int number: buffer.SetBits(row, number); break;
            case bool flag: buffer.SetBits(row, flag ? 1 : 0); break;
            case double number: buffer.SetDouble(row, number); break;
            case float number: buffer.SetFloat(row, number); break;
            case string text: buffer.SetText(row, text); break;
            case byte[] bytes: buffer.SetBytes(row, bytes); break;
            default: buffer.Set(row, (FeatureValue)value); break;
        }
    }

    private sealed record Block(ColumnBuffer[] Buffers, int Count) : IColumnBlock;
}

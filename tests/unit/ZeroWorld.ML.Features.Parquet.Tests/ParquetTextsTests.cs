using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class ParquetTextsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TryRead_FromARowOn_GivesTextsAndNullsInTheOrderOfTheFile()
    {
        var path = Write("SELECT i AS id, CASE WHEN i = 2 THEN NULL ELSE 'text ' || i END AS text FROM range(5) t(i)");
        using var texts = new ParquetTexts(path, ["id", "text"], ["language"], new ParquetOfflineOptions { Threads = 1 });
        var (values, read) = (new string?[3], new List<string>());

        texts.Seek(1);
        while (texts.TryRead(values))
        {
            read.Add(string.Join('|', values.Select(static value => value ?? "null")));
        }

        Assert.Equal(5, texts.Count);
        Assert.Equal(["1|text 1|null", "2|null|null", "3|text 3|null", "4|text 4|null"], read);
        texts.Seek(5);
        Assert.False(texts.TryRead(values));
    }

    [Fact]
    public void Open_ColumnAbsentOrNoParquet_SaysSo()
    {
        var path = Write("SELECT 1 AS id");
        var other = _folder.Combine("no.parquet");
        File.WriteAllText(other, "id,text");

        var absent = Assert.Throws<FeatureException>(() => new ParquetTexts(path, ["id", "text"], [], new ParquetOfflineOptions { Threads = 1 }));
        var none = Assert.Throws<FeatureException>(() => new ParquetTexts(other, ["id"], [], new ParquetOfflineOptions { Threads = 1 }));

        Assert.Contains("'text'", absent.Message, StringComparison.Ordinal);
        Assert.Contains("is no Parquet file: it has 7 bytes and begins with 'id,t'", none.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'caf\\xC3\\xA9'::BLOB", "has BLOB in column 'text'; expected texts")]
    [InlineData("['a']", "has VARCHAR[] in column 'text'; expected texts")]
    [InlineData("{'a': 'b'}", "in column 'text'; expected texts")]
    public void Open_ColumnOfBytesListsOrObjects_IsRefusedByItsName(string value, string expected)
    {
        var path = Write($"SELECT 1 AS id, {value} AS text");

        var error = Assert.Throws<FeatureException>(() => new ParquetTexts(path, ["id", "text"], [], new ParquetOfflineOptions { Threads = 1 }));

        Assert.Equal(FeatureError.InvalidInput, error.Error);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'text ' || i % 7", ", COMPRESSION zstd, ROW_GROUP_SIZE 2048")]
    [InlineData("'text ' || i", ", COMPRESSION snappy, PARQUET_VERSION v2")]
    [InlineData("CAST('text ' || i % 7 AS ENUM ('text 0', 'text 1', 'text 2', 'text 3', 'text 4', 'text 5', 'text 6'))", "")]
    public void TryRead_OfTextsThatAreNoUtf8_EveryOtherRowIsReadAndTheseSayTheirFault(string others, string settings)
    {
        var path = Write($"SELECT i AS id, {others} AS language, CASE WHEN i IN (2500, 2502) THEN 'QQQQ' || i WHEN i = 2501 THEN NULL ELSE 'text ' || i END AS text, 1.50::DECIMAL(9, 2) AS price FROM range(5000) t(i)", ", COMPRESSION uncompressed");
        Damage(path, "QQQQ2500"u8, 3);
        Damage(path, "QQQQ2502"u8, 0);
        using var whole = new ParquetTexts(Write($"SELECT i AS id, {others} AS language, 1.50::DECIMAL(9, 2) AS price FROM range(5000) t(i)", settings, "whole.parquet"), ["id", "language", "price"], [], new ParquetOfflineOptions { Threads = 1 });
        using var texts = new ParquetTexts(path, ["id", "language", "price", "text"], ["absent"], new ParquetOfflineOptions { Threads = 1 });
        var (values, expected, faults) = (new string?[5], new string?[3], new List<string>());

        for (var row = 0; row < 5000; row++)
        {
            Assert.True(texts.TryRead(values));
            Assert.True(whole.TryRead(expected));
            Assert.Equal(expected, values[..3]);
            Assert.Null(values[4]);
            if (texts.Fault is { } fault)
            {
                faults.Add($"{row}|{values[3]}|{fault}");
            }
            else
            {
                Assert.Equal(row == 2501 ? null : $"text {row}", values[3]);
            }
        }

        Assert.False(texts.TryRead(values));
        Assert.Equal(
            [
                "2500|QQQ\ufffd2500|text: byte 3 (0xe9) is no part of a text in UTF-8; expected UTF-8",
                "2502|\ufffdQQQ2502|text: byte 0 (0xe9) is no part of a text in UTF-8; expected UTF-8",
            ],
            faults);
    }

    [Fact]
    public void Seek_InAFileWithTextsThatAreNoUtf8_GoesOnFromThereAndLeavesTheFileAsItIs()
    {
        var path = Write("SELECT i AS id, 'QQQQ' || i AS text FROM range(4) t(i)", ", COMPRESSION uncompressed");
        Damage(path, "QQQQ1"u8, 1);
        var before = File.ReadAllBytes(path);
        var values = new string?[2];
        using var texts = new ParquetTexts(path, ["id", "text"], [], new ParquetOfflineOptions { Threads = 1, TempDirectory = _folder.Combine("spill") });

        texts.Seek(1);

        Assert.True(texts.TryRead(values) && texts.Fault is not null);
        Assert.True(texts.TryRead(values) && texts.Fault is null);
        Assert.Equal(["2", "QQQQ2"], values);
        texts.Seek(3);
        Assert.True(texts.TryRead(values));
        Assert.Equal("QQQQ3", values[1]);
        Assert.Equal(before, File.ReadAllBytes(path));
        texts.Dispose();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Combine("spill")));
    }

    [Fact]
    public void TryRead_OfCompressedDictionariesWithTextsThatAreNoUtf8_EachSuchRowSaysItsFault()
    {
        var path = Write("SELECT i AS id, CASE WHEN i % 100 = 7 THEN '\\xE9a'::BLOB WHEN i % 100 = 8 THEN NULL ELSE 'ab'::BLOB END AS text FROM range(20000) t(i)", ", COMPRESSION zstd, ROW_GROUP_SIZE 4096");
        DeclareText(path, "text");
        var (values, faults, nulls, others) = (new string?[2], 0, 0, 0);
        using var texts = new ParquetTexts(path, ["id", "text"], [], new ParquetOfflineOptions { Threads = 1 });

        for (var row = 0; texts.TryRead(values); row++)
        {
            Assert.Equal(row.ToString(CultureInfo.InvariantCulture), values[0]);
            Assert.Equal(row % 100 == 7, texts.Fault is not null);
            (faults, nulls, others) = (faults + (texts.Fault is null ? 0 : 1), nulls + (values[1] is null ? 1 : 0), others + (values[1] == "ab" ? 1 : 0));
        }

        Assert.Equal((200, 200, 19_600), (faults, nulls, others));
    }

    // Says in the footer of a file with a column of bytes that they are a text, as other writers do without looking at them.
    private static void DeclareText(string path, string column)
    {
        var bytes = File.ReadAllBytes(path);
        var footer = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 8));

        // Of the schema's element: its name (field 4, a text), and the end. In between comes what it is converted from (field 6: 0, UTF-8).
        byte[] name = [0x18, (byte)column.Length, .. Encoding.UTF8.GetBytes(column), 0];
        var end = bytes.Length - 8 - footer + bytes.AsSpan(bytes.Length - 8 - footer).IndexOf(name) + name.Length - 1;
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer + 2);
        File.WriteAllBytes(path, [.. bytes[..end], 0x25, 0x00, .. bytes[end..^8], .. length, .. bytes[^4..]]);
    }

    private static void Damage(string path, ReadOnlySpan<byte> text, int place)
    {
        var bytes = File.ReadAllBytes(path);
        for (var at = bytes.AsSpan().IndexOf(text); at >= 0; at = bytes.AsSpan().IndexOf(text))
        {
            bytes[at + place] = 0xE9;
        }

        File.WriteAllBytes(path, bytes);
    }

    private string Write(string query, string settings = "", string name = "file.parquet")
    {
        var path = _folder.Combine(name);
        using var session = new DuckDbSession(new ParquetOfflineOptions { Threads = 1 });
        session.Execute($"COPY ({query}) TO {Sql.Text(path)} (FORMAT parquet{settings})", CancellationToken.None);
        return path;
    }
}

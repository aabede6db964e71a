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

    [Fact]
    public void TryRead_TextThatIsNoUtf8_NamesTheFileAndTheRowsRead()
    {
        var path = Write("SELECT '1' AS id, 'QQQQQQQQ' AS text", ", COMPRESSION uncompressed");
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.AsSpan().IndexOf("QQQQQQQQ"u8) + 3] = 0xE9;
        File.WriteAllBytes(path, bytes);
        using var texts = new ParquetTexts(path, ["id", "text"], [], new ParquetOfflineOptions { Threads = 1 });

        var error = Assert.Throws<FeatureException>(() => texts.TryRead(new string?[2]));

        Assert.Equal(FeatureError.InvalidInput, error.Error);
        Assert.EndsWith("file.parquet' has a text that is no UTF-8, in one of the rows from 1 on; expected UTF-8.", error.Message, StringComparison.Ordinal);
    }

    private string Write(string query, string settings = "")
    {
        var path = _folder.Combine("file.parquet");
        using var session = new DuckDbSession(new ParquetOfflineOptions { Threads = 1 });
        session.Execute($"COPY ({query}) TO {Sql.Text(path)} (FORMAT parquet{settings})", CancellationToken.None);
        return path;
    }
}

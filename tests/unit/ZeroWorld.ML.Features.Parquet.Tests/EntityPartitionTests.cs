using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DuckDB.NET.Data;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class EntityPartitionTests
{
    [Fact]
    public void LowerHalf_TextsOfEveryLength_IsThatOfTheLibrary()
    {
        var random = new Random(5);
        for (var length = 0; length <= 200; length++)
        {
            var text = new byte[length];
            random.NextBytes(text);

#pragma warning disable CA5351 // The digest that the format names.
            Assert.Equal(BinaryPrimitives.ReadUInt64LittleEndian(MD5.HashData(text).AsSpan(8)), EntityPartition.LowerHalf(text));
#pragma warning restore CA5351
        }
    }

    // Ledgers that are in stores were written with the engine's function: it is the reference.
    [Fact]
    public void Of_KeysOfEveryKind_IsThePartitionThatTheEngineHadGiven()
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT CAST(md5_number_lower($text) % {MaterializationLedger.PartitionCount} AS INTEGER)";
        var text = new DuckDBParameter("text", "");
        command.Parameters.Add(text);
        var counts = new int[MaterializationLedger.PartitionCount];
        string[] keys =
        [
            "", "0", "-9223372036854775808", "7|eu|true", "ключ", new string('k', 55), new string('k', 56), new string('é', 300),
            .. Enumerable.Range(-500, 1000).Select(static key => key.ToString(CultureInfo.InvariantCulture)),
        ];
        foreach (var key in keys)
        {
            text.Value = key;

            var partition = EntityPartition.Of(key);
            Assert.Equal((int)command.ExecuteScalar()!, partition);
            Assert.Equal(partition, EntityPartition.Of(Encoding.UTF8.GetBytes(key)));
            counts[partition]++;
        }

        Assert.All(counts, static count => Assert.InRange(count, 1, 60));
    }
}

using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DuckDB.NET.Data;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class EntityPartitionTests
{
    [Fact]
    public void Add_TextsOfEveryLength_GivesTheLowerHalfOfTheLibrarysDigest()
    {
        var random = new Random(5);
        var (digests, partitions, expected) = (new EntityPartition(), new byte[201], new byte[201]);
        for (var length = 0; length <= 200; length++)
        {
            var text = new byte[length];
            random.NextBytes(text);
#pragma warning disable CA5351 // The digest that the format names.
            expected[length] = (byte)(BinaryPrimitives.ReadUInt64LittleEndian(MD5.HashData(text).AsSpan(8)) % MaterializationLedger.PartitionCount);
#pragma warning restore CA5351

            digests.Add(length, text, partitions);
        }

        digests.Complete(partitions);
        Assert.Equal(expected, partitions);
    }

    // Ledgers that are in stores were written with the engine's function: it is the reference.
    [Theory]
    [InlineData("k0", FeatureType.Int64, "CAST(i AS BIGINT)", "i")]
    [InlineData("k0", FeatureType.Int64, "CAST(hash(i) % 9223372036854775807 AS BIGINT) * (CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END)", "k0")]
    [InlineData("k0", FeatureType.String, "repeat('é', (i % 60)::INTEGER) || i", "k0")]
    [InlineData("k0", FeatureType.Bool, "i % 2 = 0", "k0")]
    public void Expression_OneKey_IsThePartitionThatTheEngineHadGiven(string key, FeatureType type, string value, string text) =>
        AssertEqualsEngine([(key, type)], $"{value} AS k0", $"CAST({text} AS VARCHAR)");

    [Fact]
    public void Expression_ThreeKeys_IsThePartitionThatTheEngineHadGiven() =>
        AssertEqualsEngine(
            [("k0", FeatureType.Int64), ("k1", FeatureType.String), ("k2", FeatureType.Bool)],
            "CAST(i AS BIGINT) AS k0, 'ключ ' || (i % 7) AS k1, i % 3 = 0 AS k2",
            "concat_ws('|', CAST(k0 AS VARCHAR), k1, CAST(k2 AS VARCHAR))");

    // More rows than a vector of the engine, no multiple of what is digested side by side, and a key that stays the same for a whole vector.
    private static void AssertEqualsEngine((string Column, FeatureType Type)[] keys, string columns, string text)
    {
        using var folder = new StoreFolder();
        using var session = new DuckDbSession(folder.Options);
        PartitionFunction.Register(session);
        using var rows = session.Query(
            string.Create(CultureInfo.InvariantCulture, $"""
            SELECT CAST(count(*) AS BIGINT), CAST(count(*) FILTER ({PartitionFunction.Expression(keys)} = CAST(md5_number_lower({text}) % {MaterializationLedger.PartitionCount} AS UTINYINT)) AS BIGINT)
            FROM (SELECT *, {columns} FROM range(-5003, 5000) t(i) UNION ALL SELECT *, {columns} FROM (SELECT 7::BIGINT AS i FROM range(3000)))
            """),
            CancellationToken.None);

        Assert.True(rows.Read());
        Assert.Equal((13_003L, 13_003L), (rows.GetInt64(0), rows.GetInt64(1)));
    }
}

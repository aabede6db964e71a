using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class RowFingerprintTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(255, 1)]
    [InlineData(256, 2)]
    [InlineData(65_535, 2)]
    [InlineData(65_536, 4)]
    [InlineData(4_294_967_295, 4)]
    [InlineData(4_294_967_296, 8)]
    [InlineData(long.MaxValue, 8)]
    public void Complete_OfNumbers_IsTheHashOfWhatTheFormatSays(long distance, int width)
    {
        var column = new ColumnBuffer("n", ColumnKind.Int64);
        long[] values = [-7, unchecked(-7 + distance), -7, -7, -6 + (distance / 2), -7, -7];
        for (var row = 0; row < values.Length; row++)
        {
            column.SetBits(row, values[row]);
        }

        var bytes = new List<byte> { 0, (byte)width };
        bytes.AddRange(BitConverter.GetBytes(-7L));
        foreach (var value in values)
        {
            bytes.AddRange(BitConverter.GetBytes(width == sizeof(long) ? value : value + 7)[..width]);
        }

        byte[] all = [.. Encoding.UTF8.GetBytes("training set 3\nservice\nInt64 n\n"), .. SHA256.HashData([.. bytes]), .. SHA256.HashData([0, 1, .. BitConverter.GetBytes(-7L), 0])];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(all)), Fingerprint(column, values.Length, 1));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(40_000)]
    [InlineData(32_764)]
    public void Complete_OfTexts_IsTheHashOfWhatTheFormatSays(int length)
    {
        var column = new ColumnBuffer("t", ColumnKind.String);
        List<byte> bytes = [1, 0, 0, 1, 0];
        string[] texts = ["a", new string('b', length), "", "d"];
        for (var row = 0; row < texts.Length; row++)
        {
            if (row == 2)
            {
                column.SetNull(row);
            }
            else
            {
                column.Set(row, FeatureValue.FromString(texts[row]));
            }

            bytes.AddRange(BitConverter.GetBytes(texts[row].Length));
            bytes.AddRange(Encoding.UTF8.GetBytes(texts[row]));
        }

        byte[] all = [.. Encoding.UTF8.GetBytes("training set 3\nservice\nString t\n"), .. SHA256.HashData([.. bytes])];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(all)), Fingerprint(column, texts.Length));
    }

    [Fact]
    public void Complete_OfANullAndOfItsZero_IsNotTheSame()
    {
        Assert.NotEqual(Of(static column => column.SetNull(1)), Of(static column => column.SetBits(1, 0)));
        Assert.NotEqual(Of(static column => column.SetNull(0)), Of(static column => column.SetNull(1)));
    }

    private static string Of(Action<ColumnBuffer> set)
    {
        var column = new ColumnBuffer("n", ColumnKind.Float64);
        set(column);
        return Fingerprint(column, 3);
    }

    /// <summary>Of blocks of so many rows each, which all begin with the column's first.</summary>
    private static string Fingerprint(ColumnBuffer column, params int[] blocks)
    {
        using var fingerprint = new RowFingerprint("service", [column]);
        using var digest = new BlockDigest();
        Span<byte> bytes = stackalloc byte[BlockDigest.Length];
        foreach (var rows in blocks)
        {
            digest.Of([column], rows, bytes);
            fingerprint.Append(bytes);
        }

        return fingerprint.Complete();
    }
}

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

        using var fingerprint = new RowFingerprint("service", [column]);
        fingerprint.Append([column], values.Length);

        var bytes = new List<byte>(Encoding.UTF8.GetBytes("training set 2\nservice\nInt64 n\n")) { 0, (byte)width };
        bytes.AddRange(BitConverter.GetBytes(-7L));
        foreach (var value in values)
        {
            bytes.AddRange(BitConverter.GetBytes(width == sizeof(long) ? value : value + 7)[..width]);
        }

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData([.. bytes])), fingerprint.Complete());
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
        using var fingerprint = new RowFingerprint("service", [column]);
        fingerprint.Append([column], 3);
        return fingerprint.Complete();
    }
}

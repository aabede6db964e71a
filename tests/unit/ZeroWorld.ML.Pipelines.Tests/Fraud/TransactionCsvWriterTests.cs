using System.Globalization;
using System.IO.Compression;
using ZeroWorld.ML.Pipelines.Fraud;

namespace ZeroWorld.ML.Pipelines.Tests.Fraud;

public sealed class TransactionCsvWriterTests : IDisposable
{
    private static readonly SimulationOptions Options = new() { Customers = 60, Terminals = 120, Days = 40 };
    private readonly string _folder = Directory.CreateTempSubdirectory("zeroworld-simulation-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task WriteAsync_TwiceWithOneSeed_WritesEqualBytes()
    {
        var first = await WriteAsync("first.csv.gz", Options);
        await WriteAsync("second.csv.gz", Options);
        await WriteAsync("third.csv.gz", new SimulationOptions { Customers = 60, Terminals = 120, Days = 40, Seed = 9 });

        Assert.Equal(await Bytes("first.csv.gz"), await Bytes("second.csv.gz"));
        Assert.NotEqual(await Bytes("first.csv.gz"), await Bytes("third.csv.gz"));
        Assert.True(first.Transactions > 3_000 && first.Frauds > 0);
        Assert.Equal(3, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public async Task WriteAsync_PlainAndCompressed_HoldEveryTransactionInTheHandbooksLayout()
    {
        var summary = await WriteAsync("plain.csv", Options);
        await WriteAsync("packed.csv.gz", Options);

        var lines = await File.ReadAllLinesAsync(Path.Combine(_folder, "plain.csv"), TestContext.Current.CancellationToken);
        await using var packed = new GZipStream(File.OpenRead(Path.Combine(_folder, "packed.csv.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(packed);
        Assert.Equal(string.Join('\n', lines) + "\n", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal("TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_TIME_DAYS,TX_FRAUD,TX_FRAUD_SCENARIO", lines[0]);
        Assert.Equal(summary.Transactions, lines.Length - 1);

        var expected = new TransactionSimulator(Options).Simulate().ToArray();
        var start = new DateTime(2018, 4, 1);
        for (var row = 0; row < expected.Length; row++)
        {
            var fields = lines[row + 1].Split(',');
            var transaction = expected[row];
            Assert.Equal(9, fields.Length);
            Assert.Equal($"{transaction.Id}", fields[0]);
            Assert.Equal(start.AddSeconds(transaction.Seconds).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), fields[1]);
            Assert.Equal($"{transaction.CustomerId} {transaction.TerminalId}", $"{fields[2]} {fields[3]}");
            Assert.Matches(@"^\d+\.(\d|\d[1-9])$", fields[4]);
            Assert.Equal(transaction.AmountCents / 100m, decimal.Parse(fields[4], CultureInfo.InvariantCulture));
            Assert.Equal($"{transaction.Seconds} {transaction.Day}", $"{fields[5]} {fields[6]}");
            Assert.Equal($"{(transaction.IsFraud ? 1 : 0)} {(int)transaction.Scenario}", $"{fields[7]} {fields[8]}");
        }
    }

    [Fact]
    public async Task WriteAsync_Cancelled_LeavesNoFile()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TransactionCsvWriter.WriteAsync(Path.Combine(_folder, "none.csv"), Options, null, source.Token));

        Assert.Empty(Directory.GetFiles(_folder));
    }

    private Task<SimulationSummary> WriteAsync(string name, SimulationOptions options) =>
        TransactionCsvWriter.WriteAsync(Path.Combine(_folder, name), options, null, TestContext.Current.CancellationToken);

    private Task<byte[]> Bytes(string name) => File.ReadAllBytesAsync(Path.Combine(_folder, name), TestContext.Current.CancellationToken);
}

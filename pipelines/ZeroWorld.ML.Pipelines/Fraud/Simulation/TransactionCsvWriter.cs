using System.Buffers;
using System.Buffers.Text;
using System.IO.Compression;

namespace ZeroWorld.ML.Pipelines.Fraud;

/// <summary>Writes simulated transactions in the CSV layout of the Fraud Detection Handbook's data.</summary>
public static class TransactionCsvWriter
{
    private const int FlushBytes = 1 << 16;

    private static readonly byte[] Header =
        "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_TIME_DAYS,TX_FRAUD,TX_FRAUD_SCENARIO\n"u8.ToArray();

    /// <summary>Simulates and writes; the file appears whole or not at all. Times are UTC.</summary>
    /// <param name="path">A name that ends in <c>.gz</c> is compressed.</param>
    /// <param name="progress">Receives the number of transactions so far, once per simulated day.</param>
    /// <returns>Number of transactions, and of frauds among them.</returns>
    /// <exception cref="Features.FeatureException">An option is outside its range.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static async Task<SimulationSummary> WriteAsync(
        string path, SimulationOptions options, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var simulator = new TransactionSimulator(options);
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            SimulationSummary summary;
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, useAsync: true))
            {
                summary = await WriteAsync(file, path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase), simulator, options, progress, cancellationToken);
            }

            File.Move(temporary, path, overwrite: true);
            return summary;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static async Task<SimulationSummary> WriteAsync(
        Stream file, bool compress, TransactionSimulator simulator, SimulationOptions options, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        await using var compressed = compress ? new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true) : null;
        var stream = compressed ?? file;
        var start = options.Start.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
        var buffer = new ArrayBufferWriter<byte>(2 * FlushBytes);
        buffer.Write(Header);
        var (rows, frauds, day) = (0L, 0L, 0);
        foreach (var transaction in simulator.Simulate())
        {
            Append(buffer, transaction, start);
            rows++;
            frauds += transaction.IsFraud ? 1 : 0;
            if (buffer.WrittenCount >= FlushBytes)
            {
                await stream.WriteAsync(buffer.WrittenMemory, cancellationToken);
                buffer.ResetWrittenCount();
            }

            if (transaction.Day != day)
            {
                day = transaction.Day;
                progress?.Report(rows);
            }
        }

        await stream.WriteAsync(buffer.WrittenMemory, cancellationToken);
        return new SimulationSummary(rows, frauds);
    }

    private static void Append(ArrayBufferWriter<byte> buffer, in SimulatedTransaction transaction, DateTime start)
    {
        // Ten numbers of at most 20 characters, a time of 19 and the separators.
        var line = buffer.GetSpan(256);
        var length = 0;
        Number(line, transaction.Id, ref length);
        start.AddSeconds(transaction.Seconds).TryFormat(line[length..], out var written, "yyyy-MM-dd HH:mm:ss");
        length += written;
        line[length++] = (byte)',';
        Number(line, transaction.CustomerId, ref length);
        Number(line, transaction.TerminalId, ref length);
        Amount(line, transaction.AmountCents, ref length);
        Number(line, transaction.Seconds, ref length);
        Number(line, transaction.Day, ref length);
        Number(line, transaction.IsFraud ? 1 : 0, ref length);
        Number(line, (int)transaction.Scenario, ref length);
        line[length - 1] = (byte)'\n';
        buffer.Advance(length);
    }

    private static void Number(Span<byte> line, long value, ref int length)
    {
        Utf8Formatter.TryFormat(value, line[length..], out var written);
        length += written;
        line[length++] = (byte)',';
    }

    // As the published files write them: at least one decimal, no trailing zero after it (146.0, 81.5, 57.16).
    private static void Amount(Span<byte> line, long cents, ref int length)
    {
        Number(line, cents / 100, ref length);
        line[length - 1] = (byte)'.';
        line[length++] = (byte)('0' + (cents / 10 % 10));
        if (cents % 10 != 0)
        {
            line[length++] = (byte)('0' + (cents % 10));
        }

        line[length++] = (byte)',';
    }
}

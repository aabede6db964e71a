using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud.Tests;

/// <summary>Frames of the fraud training set's shape with frauds that the features show in part.</summary>
internal static class SyntheticTransactions
{
    internal static readonly DateTimeOffset Start = new(2021, 3, 1, 0, 0, 0, TimeSpan.Zero);

    internal static ColumnFrame Frame(int days, int rowsPerDay, double fraudShare = 0.03, DateTimeOffset? start = null, Func<long, bool>? mayBeFraud = null)
    {
        var random = new Random(11);
        var rows = days * rowsPerDay;
        var features = FraudColumns.Features.Select(_ => new double[rows]).ToArray();
        var (times, labels, cards, ids) = (new long[rows], new long[rows], new long[rows], new long[rows]);
        var first = UnixMicroseconds.FromDateTimeOffset(start ?? Start);
        for (var row = 0; row < rows; row++)
        {
            ids[row] = row;
            times[row] = first + (long)(row / (double)rowsPerDay * UtcDay.Length);
            cards[row] = random.Next(rows / 20);
            var isFraud = random.NextDouble() < fraudShare && (mayBeFraud?.Invoke((times[row] - first) / UtcDay.Length) ?? true);
            labels[row] = isFraud ? 1 : 0;
            for (var column = 0; column < features.Length; column++)
            {
                // Heavy tails, and many ties in the counting columns.
                var value = Math.Exp(random.NextDouble() * 6) + (isFraud && column % 3 == 0 ? random.NextDouble() * 300 : 0);
                features[column][row] = column is 1 or 2 ? row % 2 : column % 2 == 1 ? Math.Floor(value) : value;
            }
        }

        var frame = new ColumnFrame(rows);
        frame.Add("TRANSACTION_ID", ids);
        frame.Add("TX_DATETIME", times);
        frame.Add("CUSTOMER_ID", cards);
        frame.Add("TX_FRAUD", labels);
        for (var column = 0; column < features.Length; column++)
        {
            frame.Add(FraudColumns.Features[column], features[column]);
        }

        return frame;
    }

    internal static TrainingTable Table(int days, int rowsPerDay, double fraudShare = 0.03, DateTimeOffset? start = null) =>
        TrainingTable.FromFrame(Frame(days, rowsPerDay, fraudShare, start), FraudColumns.Default);

    internal static int[] All(TrainingTable table) => [.. Enumerable.Range(0, table.Rows)];
}

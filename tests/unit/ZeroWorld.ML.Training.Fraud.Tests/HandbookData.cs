using System.Globalization;
using System.IO.Compression;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud.Tests;

/// <summary>The published transactions with the 15 features, computed here by plain sliding windows and not by the feature store.</summary>
internal static class HandbookData
{
    private const long Day = 86_400;
    private const long LabelDelay = 7 * Day;
    private static readonly long[] Windows = [1 * Day, 7 * Day, 30 * Day];

    internal static string? FindFile()
    {
        var data = Environment.GetEnvironmentVariable("ZEROWORLD_DATA");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); data is null && folder is not null; folder = folder.Parent)
        {
            data = File.Exists(Path.Combine(folder.FullName, "ZeroWorld.ML.sln")) ? Path.Combine(folder.Parent!.FullName, "shared", "data") : null;
        }

        var file = Path.Combine(data ?? "", "fraud-handbook", "transactions.csv.gz");
        return File.Exists(file) ? file : null;
    }

    /// <summary>Rows from 37 days before the training week, which fill every window, to the end of the test week.</summary>
    internal static ColumnFrame Load(string file)
    {
        var (from, to) = (new DateTime(2018, 6, 18), new DateTime(2018, 8, 15));
        var (ids, times, cards, labels) = (new List<long>(), new List<long>(), new List<long>(), new List<long>());
        var features = FraudColumns.Features.Select(static _ => new List<double>()).ToArray();
        var (customers, terminals) = (new Dictionary<long, Events>(), new Dictionary<long, Events>());
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(',');
            var time = DateTime.ParseExact(fields[1], "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
            if (time < from)
            {
                continue;
            }

            if (time >= to)
            {
                break;
            }

            var seconds = (long)(time - DateTime.UnixEpoch).TotalSeconds;
            var (amount, isFraud) = (double.Parse(fields[4], CultureInfo.InvariantCulture), fields[7] == "1");
            ids.Add(long.Parse(fields[0], CultureInfo.InvariantCulture));
            times.Add(seconds * 1_000_000);
            cards.Add(long.Parse(fields[2], CultureInfo.InvariantCulture));
            labels.Add(isFraud ? 1 : 0);
            var customer = Of(customers, cards[^1]);
            var terminal = Of(terminals, long.Parse(fields[3], CultureInfo.InvariantCulture));
            customer.Add(seconds, amount);
            terminal.Add(seconds, isFraud ? 1 : 0);
            features[0].Add(amount);
            features[1].Add(time.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? 1 : 0);
            features[2].Add(time.Hour <= 6 ? 1 : 0);
            for (var window = 0; window < Windows.Length; window++)
            {
                customer.Measure(seconds - Windows[window], seconds, features[3 + (2 * window)], features[4 + (2 * window)]);
                terminal.Measure(seconds - LabelDelay - Windows[window], seconds - LabelDelay, features[9 + (2 * window)], features[10 + (2 * window)]);
            }
        }

        var frame = new ColumnFrame(ids.Count);
        frame.Add("TRANSACTION_ID", ids.ToArray());
        frame.Add("TX_DATETIME", times.ToArray());
        frame.Add("CUSTOMER_ID", cards.ToArray());
        frame.Add("TX_FRAUD", labels.ToArray());
        for (var column = 0; column < features.Length; column++)
        {
            frame.Add(FraudColumns.Features[column], features[column].ToArray());
        }

        return frame;
    }

    private static Events Of(Dictionary<long, Events> all, long id)
    {
        if (!all.TryGetValue(id, out var events))
        {
            all.Add(id, events = new Events());
        }

        return events;
    }

    private sealed class Events
    {
        private readonly List<long> _times = [];
        private readonly List<double> _values = [];

        internal void Add(long time, double value)
        {
            _times.Add(time);
            _values.Add(value);
        }

        /// <summary>Count and mean (0 of nothing) of the events in (from, to].</summary>
        internal void Measure(long from, long to, List<double> counts, List<double> means)
        {
            var (count, sum) = (0, 0.0);
            for (var index = _times.Count - 1; index >= 0 && _times[index] > from; index--)
            {
                if (_times[index] <= to)
                {
                    count++;
                    sum += _values[index];
                }
            }

            counts.Add(count);
            means.Add(count == 0 ? 0 : sum / count);
        }
    }
}

using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud.Tests;

/// <summary>A table as a user would bring it: numbers with gaps, texts of few and of many values, a time, an entity, a label.</summary>
internal static class TableFrames
{
    internal static readonly FraudTableColumns Columns = new() { Label = "bad", Time = "at", Entity = "customer" };

    internal static readonly IReadOnlyDictionary<string, FeatureType> Types = new Dictionary<string, FeatureType>
    {
        ["at"] = FeatureType.Timestamp,
        ["customer"] = FeatureType.String,
        ["bad"] = FeatureType.Int64,
        ["amount"] = FeatureType.Float64,
        ["age"] = FeatureType.Int64,
        ["channel"] = FeatureType.String,
        ["shop"] = FeatureType.String,
        ["nothing"] = FeatureType.Float64,
    };

    /// <param name="rows">Rows over 50 days.</param>
    /// <param name="firstDay">Day of the first row since 2023-01-01.</param>
    internal static ColumnFrame Make(int rows, int seed = 1, int firstDay = 0, bool withNewShops = false)
    {
        var random = new Random(seed);
        var frame = new ColumnFrame(rows);
        var (at, customer, bad) = (new long[rows], new string?[rows], new long[rows]);
        var (amount, age, channel, shop, nothing) = (new double[rows], new long[rows], new string?[rows], new string?[rows], new double[rows]);
        var start = UnixMicroseconds.FromDateTimeOffset(new DateTimeOffset(2023, 1, 1, 0, 0, 0, TimeSpan.Zero)) + (firstDay * UtcDay.Length);
        for (var row = 0; row < rows; row++)
        {
            at[row] = start + (long)(50.0 * row / rows * UtcDay.Length);
            customer[row] = $"c{random.Next(rows / 10)}";
            amount[row] = random.Next(10) == 0 ? double.NaN : Math.Exp(random.NextDouble() * 6);
            age[row] = random.Next(12) == 0 ? long.MinValue : 18 + random.Next(60);
            channel[row] = random.Next(4) == 0 ? null : ((string[])["web", "shop", "phone"])[random.Next(3)];
            var number = random.Next(60);
            shop[row] = withNewShops && random.Next(3) == 0 ? $"new{random.Next(5)}" : $"s{number}";
            var logOdds = -3.5 + (channel[row] == "web" ? 1.2 : 0) + (number < 6 ? 2 : 0) + (amount[row] > 200 ? 1.5 : 0) + (double.IsNaN(amount[row]) ? 1 : 0);
            bad[row] = random.NextDouble() < 1 / (1 + Math.Exp(-logOdds)) ? 1 : 0;
            nothing[row] = double.NaN;
        }

        frame.Add("at", at);
        frame.Add("customer", customer);
        frame.Add("bad", bad);
        frame.Add("amount", amount);
        frame.Add("age", age);
        frame.Add("channel", channel);
        frame.Add("shop", shop);
        frame.Add("nothing", nothing);
        return frame;
    }
}

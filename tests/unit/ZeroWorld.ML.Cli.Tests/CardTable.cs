using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>A table of payments whose label follows from the amount and the channel, the same at each call.</summary>
internal static class CardTable
{
    /// <param name="hasMissing">Whether one amount in nine is missing.</param>
    public static void Write(string path, int rows, bool hasMissing)
    {
        var random = new Random(1);
        var text = new StringBuilder("at,customer,amount,channel,bad\n");
        var start = new DateTime(2023, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        for (var row = 0; row < rows; row++)
        {
            var (channel, amount) = (random.Next(3), Math.Exp(random.NextDouble() * 6));
            var bad = random.NextDouble() < 0.03 + (channel == 1 ? 0.1 : 0) + (amount > 200 ? 0.2 : 0);
            text.Append(CultureInfo.InvariantCulture, $"{start.AddMinutes(row * 20):yyyy-MM-dd HH:mm:ss},c{random.Next(200)},")
                .Append(hasMissing && random.Next(9) == 0 ? "" : amount.ToString("F2", CultureInfo.InvariantCulture))
                .Append(CultureInfo.InvariantCulture, $",{((string[])["web", "shop", "phone"])[channel]},{(bad ? 1 : 0)}\n");
        }

        File.WriteAllText(path, text.ToString());
    }
}

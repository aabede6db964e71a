using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>Customers and terminals with blocks of the fraud definitions, about as long as those of the demo, from a fixed seed.</summary>
internal sealed class FraudEntities
{
    public const int CustomerEvents = 100;
    public const int TerminalEvents = 40;
    private const long Day = 86_400_000_000;

    public FraudEntities()
    {
        var definitions = DefinitionLoader.LoadFolder(Path.Combine(AppContext.BaseDirectory, "fraud.yaml"));
        Plan = new FeatureServicePlan(definitions.GetService("fraud"), static _ => true);
        Customer = Plan.Views.Single(static view => view.View.Name == "customer_spending").Field;
        Terminal = Plan.Views.Single(static view => view.View.Name == "terminal_risk").Field;
    }

    public FeatureServicePlan Plan { get; }

    public StorageField Customer { get; }

    public StorageField Terminal { get; }

    /// <summary>The moment of the reads: 2018-08-01, all events lie in the 51 days before.</summary>
    public static long Now { get; } = 1_533_081_600_000_000;

    public static EntityId Id(string entity, int number) => new("default", entity, $"i{number}");

    public static byte[] Block(StorageField field, int number, int events)
    {
        var random = new Random(number);
        var builder = new WindowBlockBuilder(field);
        var isTerminal = field.View.Name == "terminal_risk";
        var values = new FeatureValue[field.View.StoredColumns.Count];
        for (var index = 0; index < events; index++)
        {
            var time = Now - (long)(random.NextDouble() * (isTerminal ? 37 : 30) * Day) - 1;
            values.AsSpan().Fill(FeatureValue.FromFloat64(isTerminal ? random.Next(2) : Math.Round(random.NextDouble() * 200, 2)));
            builder.Add(time, time, FeatureValue.FromInt64(((long)number * 1_000_000) + index), $"i{number}", values);
        }

        return builder.Build();
    }

    public List<WindowAppend> Customers(int count) =>
        [.. Enumerable.Range(0, count).Select(number => new WindowAppend(Id("customer", number), Block(Customer, number, CustomerEvents)))];

    public List<WindowAppend> Terminals(int count) =>
        [.. Enumerable.Range(0, count).Select(number => new WindowAppend(Id("terminal", number), Block(Terminal, number, TerminalEvents)))];
}

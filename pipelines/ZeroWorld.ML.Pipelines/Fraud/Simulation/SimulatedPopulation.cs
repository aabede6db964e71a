namespace ZeroWorld.ML.Pipelines.Fraud;

/// <summary>Customers with their habits, and the terminals that each one can reach.</summary>
internal sealed class SimulatedPopulation
{
    private const double PlaneSize = 100;
    private const double PublishedRadius = 5;
    private const double PublishedTerminals = 10_000;

    private SimulatedPopulation(CustomerProfile[] customers) => Customers = customers;

    internal CustomerProfile[] Customers { get; }

    internal static SimulatedPopulation Create(SimulationOptions options)
    {
        var terminals = new (double X, double Y)[options.Terminals];
        for (var id = 0; id < terminals.Length; id++)
        {
            var random = new SimulationRandom(options.Seed, "terminal", id);
            terminals[id] = (random.NextUniform(0, PlaneSize), random.NextUniform(0, PlaneSize));
        }

        // The number of reachable terminals grows with radius squared times terminals: kept as published.
        var radius = options.Radius ?? PublishedRadius * Math.Sqrt(PublishedTerminals / options.Terminals);
        var customers = new CustomerProfile[options.Customers];
        for (var id = 0; id < customers.Length; id++)
        {
            var random = new SimulationRandom(options.Seed, "customer", id);
            var (x, y) = (random.NextUniform(0, PlaneSize), random.NextUniform(0, PlaneSize));
            customers[id] = new CustomerProfile(
                random.NextUniform(5, 100), random.NextUniform(0, 4), FindReachable(terminals, x, y, radius));
        }

        return new SimulatedPopulation(customers);
    }

    private static int[] FindReachable((double X, double Y)[] terminals, double x, double y, double radius)
    {
        var reachable = new List<int>();
        for (var id = 0; id < terminals.Length; id++)
        {
            var (dx, dy) = (terminals[id].X - x, terminals[id].Y - y);
            if ((dx * dx) + (dy * dy) < radius * radius)
            {
                reachable.Add(id);
            }
        }

        return [.. reachable];
    }
}

/// <param name="MeanAmount">Of a payment; its standard deviation is half of it.</param>
/// <param name="PaymentsPerDay">Mean number.</param>
/// <param name="Terminals">Ids of the terminals in reach; a customer without any pays nowhere.</param>
internal sealed record CustomerProfile(double MeanAmount, double PaymentsPerDay, int[] Terminals);

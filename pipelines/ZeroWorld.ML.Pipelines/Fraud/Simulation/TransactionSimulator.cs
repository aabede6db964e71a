using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Pipelines.Fraud;

/// <summary>Makes card transactions with frauds, after the design of chapter 3 of the Fraud Detection Handbook (Le Borgne et al., 2022).</summary>
/// <remarks>
/// Customers and terminals lie uniformly in a plane of 100 x 100. A customer pays at terminals in reach, a Poisson number of times a day (mean 0 to 4), at times around noon
/// (normal, deviation 20,000 s, cut to the day), amounts around a mean of 5 to 100 (normal, deviation half the mean; uniform up to twice the mean instead of a negative one).
/// Frauds are those of <see cref="FraudScenario"/>, their number scaled with the population. Equal options give equal transactions on every platform; more days or more
/// customers leave habits of the others as they are. Thread safe.
/// </remarks>
public sealed class TransactionSimulator
{
    private const int SecondsPerDay = 86_400;

    private readonly SimulationOptions _options;

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: an option is outside its range.</exception>
    public TransactionSimulator(SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.FindProblem() is { } problem)
        {
            throw new FeatureException(FeatureError.InvalidInput, $"The simulation cannot run. {problem}");
        }

        _options = options;
    }

    /// <summary>Streams the transactions in order of time, one day in memory at once.</summary>
    public IEnumerable<SimulatedTransaction> Simulate()
    {
        var population = SimulatedPopulation.Create(_options);
        var fraudsters = new FraudsterState(_options);
        var transactions = new List<SimulatedTransaction>();
        var id = 0L;
        for (var day = 0; day < _options.Days; day++)
        {
            transactions.Clear();
            for (var customer = 0; customer < population.Customers.Length; customer++)
            {
                AddPayments(population.Customers[customer], customer, day, transactions);
            }

            // A stable order: payments of one second by customer, then as they were drawn.
            transactions.Sort(static (left, right) => (left.Seconds, left.CustomerId, left.Id).CompareTo((right.Seconds, right.CustomerId, right.Id)));
            fraudsters.BeginDay(day);
            foreach (var transaction in transactions)
            {
                yield return fraudsters.Apply(transaction) with { Id = id++ };
            }
        }
    }

    private void AddPayments(CustomerProfile profile, int customer, int day, List<SimulatedTransaction> transactions)
    {
        if (profile.Terminals.Length == 0)
        {
            return;
        }

        var random = new SimulationRandom(_options.Seed, "payments", customer, day);
        var payments = random.NextPoisson(profile.PaymentsPerDay);
        for (var payment = 0; payment < payments; payment++)
        {
            var second = (int)random.NextNormal(SecondsPerDay / 2.0, 20_000);
            var amount = random.NextNormal(profile.MeanAmount, profile.MeanAmount / 2);
            amount = amount < 0 ? random.NextUniform(0, 2 * profile.MeanAmount) : amount;
            var terminal = profile.Terminals[random.NextInt32(profile.Terminals.Length)];
            if (second is > 0 and < SecondsPerDay)
            {
                transactions.Add(new SimulatedTransaction(
                    payment, ((long)day * SecondsPerDay) + second, customer, terminal, (long)Math.Round(amount * 100), FraudScenario.None));
            }
        }
    }
}

namespace ZeroWorld.ML.Pipelines.Fraud;

/// <summary>Which terminals and customers are compromised as days go by, and what that does to a transaction.</summary>
/// <remarks>Days must be begun in order, and each day's transactions given in order of time.</remarks>
internal sealed class FraudsterState(SimulationOptions options)
{
    private const long LargeAmountCents = 220_00;
    private const int TerminalDays = 28;
    private const int CustomerDays = 14;

    // Published: 2 of 10,000 terminals and 3 of 5,000 customers are compromised each day.
    private const double TerminalShare = 2.0 / 10_000;
    private const double CustomerShare = 3.0 / 5_000;

    private readonly int[] _terminalFreeFrom = new int[options.Terminals];
    private readonly int[] _customerFreeFrom = new int[options.Customers];
    private readonly int[] _payments = new int[options.Customers];
    private readonly SimulationRandom[] _choices = new SimulationRandom[options.Customers];
    private readonly int[] _chosen = new int[options.Customers];

    internal void BeginDay(int day)
    {
        foreach (var terminal in Draw("compromised terminals", day, TerminalShare, _terminalFreeFrom))
        {
            _terminalFreeFrom[terminal] = day + TerminalDays;
        }

        foreach (var customer in Draw("compromised customers", day, CustomerShare, _customerFreeFrom))
        {
            _customerFreeFrom[customer] = day + CustomerDays;
            _payments[customer] = 0;
            _choices[customer] = new SimulationRandom(options.Seed, "compromised payments", customer, day);
        }
    }

    /// <summary>Decides whether a transaction is a fraud; a later scenario wins over an earlier one, as published.</summary>
    internal SimulatedTransaction Apply(SimulatedTransaction transaction)
    {
        var scenario = transaction.AmountCents > LargeAmountCents ? FraudScenario.LargeAmount : FraudScenario.None;
        scenario = transaction.Day < _terminalFreeFrom[transaction.TerminalId] ? FraudScenario.CompromisedTerminal : scenario;
        return transaction.Day < _customerFreeFrom[transaction.CustomerId] && IsChosen(transaction.CustomerId)
            ? transaction with { AmountCents = 5 * transaction.AmountCents, Scenario = FraudScenario.CompromisedCustomer }
            : transaction with { Scenario = scenario };
    }

    // One of every three payments: a third of them at any length, without knowing how many are still to come.
    private bool IsChosen(int customer)
    {
        var place = _payments[customer]++ % 3;
        if (place == 0)
        {
            _chosen[customer] = _choices[customer].NextInt32(3);
        }

        return place == _chosen[customer];
    }

    // In small populations less than one a day: the fractions add up over the days.
    private List<int> Draw(string purpose, int day, double share, int[] freeFrom)
    {
        var perDay = share * freeFrom.Length;
        var count = (int)(Math.Floor((perDay * (day + 1)) + 0.5) - Math.Floor((perDay * day) + 0.5));
        var drawn = new List<int>(count);
        if (count == 0)
        {
            return drawn;
        }

        var random = new SimulationRandom(options.Seed, purpose, 0, day);
        var free = Enumerable.Range(0, freeFrom.Length).Where(id => freeFrom[id] <= day).ToList();
        while (drawn.Count < count && free.Count > 0)
        {
            var index = random.NextInt32(free.Count);
            drawn.Add(free[index]);
            free.RemoveAt(index);
        }

        return drawn;
    }
}

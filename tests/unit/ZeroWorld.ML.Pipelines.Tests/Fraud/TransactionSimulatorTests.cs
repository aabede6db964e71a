using System.Security.Cryptography;
using System.Text;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Pipelines.Fraud;

namespace ZeroWorld.ML.Pipelines.Tests.Fraud;

public sealed class TransactionSimulatorTests
{
    private static readonly SimulationOptions Small = new() { Customers = 500, Terminals = 1_000, Days = 90 };
    private static readonly Lazy<SimulatedTransaction[]> Transactions = new(static () => [.. new TransactionSimulator(Small).Simulate()]);

    [Fact]
    public void Simulate_SameSeedTwice_GivesTheSameTransactions()
    {
        Assert.Equal(Transactions.Value, new TransactionSimulator(Small).Simulate());
    }

    [Fact]
    public void Simulate_AnotherSeed_GivesOtherTransactions()
    {
        var options = new SimulationOptions { Customers = 500, Terminals = 1_000, Days = 90, Seed = 2 };

        Assert.NotEqual(Transactions.Value.Take(100), new TransactionSimulator(options).Simulate().Take(100));
    }

    [Fact]
    public void Simulate_FewerDays_GivesTheSameFirstDays()
    {
        var options = new SimulationOptions { Customers = 500, Terminals = 1_000, Days = 30 };

        Assert.Equal(Transactions.Value.TakeWhile(static transaction => transaction.Day < 30), new TransactionSimulator(options).Simulate());
    }

    [Fact]
    public void Simulate_KnownSeed_GivesTheNumbersOfEveryPlatform()
    {
        var text = string.Join('\n', Transactions.Value.Select(static row => $"{row.Seconds},{row.CustomerId},{row.TerminalId},{row.AmountCents},{(int)row.Scenario}"));

        // Written down from the first run on linux-x64: a change here changes everyone's simulated data.
        Assert.Equal(88_185, Transactions.Value.Length);
        Assert.Equal("548cf2915b36a4629918a02ecd27663ddad49b56a85729f449e776ecde77215f", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    }

    [Fact]
    public void Simulate_AnySize_IsInOrderOfTimeWithIdsFromZero()
    {
        var transactions = Transactions.Value;

        Assert.Equal(Enumerable.Range(0, transactions.Length).Select(static id => (long)id), transactions.Select(static transaction => transaction.Id));
        Assert.True(transactions.Zip(transactions.Skip(1)).All(static pair => pair.First.Seconds <= pair.Second.Seconds));
        Assert.All(transactions, static transaction => Assert.True(
            transaction is { CustomerId: >= 0 and < 500, TerminalId: >= 0 and < 1_000, Day: >= 0 and < 90, AmountCents: >= 0 }));
    }

    [Theory]
    [InlineData(200, 400, 120)]
    [InlineData(500, 1_000, 120)]
    [InlineData(3_000, 6_000, 60)]
    public void Simulate_AnySize_HasAboutTwoPaymentsPerCustomerAndDayAndUnderOnePercentFrauds(int customers, int terminals, int days)
    {
        var transactions = new TransactionSimulator(new SimulationOptions { Customers = customers, Terminals = terminals, Days = days }).Simulate().ToArray();

        Assert.InRange((double)transactions.Length / customers / days, 1.7, 2.15);
        Assert.InRange(transactions.Count(static transaction => transaction.IsFraud) / (double)transactions.Length, 0.004, 0.012);
        Assert.All(new[] { FraudScenario.LargeAmount, FraudScenario.CompromisedTerminal, FraudScenario.CompromisedCustomer },
            scenario => Assert.Contains(transactions, transaction => transaction.Scenario == scenario));
    }

    [Fact]
    public void Simulate_LargeAmounts_AreAlwaysFrauds()
    {
        Assert.All(Transactions.Value.Where(static transaction => transaction.AmountCents > 220_00), static transaction => Assert.True(transaction.IsFraud));
        Assert.All(
            Transactions.Value.Where(static transaction => transaction.Scenario == FraudScenario.LargeAmount), static transaction => Assert.True(transaction.AmountCents > 220_00));
    }

    [Fact]
    public void Simulate_CompromisedTerminal_TurnsEveryPaymentOfAtMostTwentyEightDaysIntoFraud()
    {
        var terminals = Transactions.Value.Where(static transaction => transaction.Scenario == FraudScenario.CompromisedTerminal)
            .GroupBy(static transaction => transaction.TerminalId).ToArray();

        Assert.NotEmpty(terminals);
        foreach (var frauds in terminals)
        {
            var (first, last) = (frauds.Min(static fraud => fraud.Day), frauds.Max(static fraud => fraud.Day));
            var days = Transactions.Value.Where(transaction => transaction.TerminalId == frauds.Key && transaction.Day >= first && transaction.Day <= last);
            Assert.InRange(last - first, 0, 27);
            Assert.All(days, static transaction => Assert.True(transaction.IsFraud));
        }
    }

    [Fact]
    public void Simulate_CompromisedCustomer_HasAThirdOfThePaymentsOfFourteenDaysWithFiveTimesTheAmount()
    {
        var genuine = Transactions.Value.Where(static transaction => transaction.Scenario != FraudScenario.CompromisedCustomer).ToLookup(static transaction => transaction.CustomerId);
        var customers = Transactions.Value.Where(static transaction => transaction.Scenario == FraudScenario.CompromisedCustomer)
            .GroupBy(static transaction => transaction.CustomerId).Where(static frauds => frauds.Max(static fraud => fraud.Day) - frauds.Min(static fraud => fraud.Day) < 14).ToArray();

        var (frauds, payments, ratios) = (0, 0, new List<double>());
        foreach (var customer in customers)
        {
            var first = customer.Min(static fraud => fraud.Day);
            var last = customer.Max(static fraud => fraud.Day);
            frauds += customer.Count();
            payments += customer.Count() + genuine[customer.Key].Count(transaction => transaction.Day >= first && transaction.Day <= last);
            ratios.Add(customer.Average(static fraud => fraud.AmountCents) / genuine[customer.Key].Average(static transaction => transaction.AmountCents));
            Assert.All(customer, static fraud => Assert.Equal(0, fraud.AmountCents % 5));
        }

        Assert.True(customers.Length > 10);
        Assert.InRange((double)frauds / payments, 0.30, 0.50);
        Assert.InRange(ratios.Average(), 4, 6);
    }

    [Fact]
    public void Constructor_OptionsOutOfRange_NamesThem()
    {
        SimulationOptions[] wrong =
        [
            new() { Customers = 0 }, new() { Terminals = 0 }, new() { Days = 0 }, new() { Radius = 0 }, new() { Radius = double.NaN }, new() { Start = DateOnly.MaxValue },
        ];

        Assert.All(wrong, static options => Assert.Equal(
            FeatureError.InvalidInput, Assert.Throws<FeatureException>(() => new TransactionSimulator(options)).Error));
        Assert.Contains("Customers", Assert.Throws<FeatureException>(() => new TransactionSimulator(wrong[0])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Log_AnyNumber_IsTheLogarithmToFourteenDigits()
    {
        var random = new SimulationRandom(1, "log", 0);
        for (var draw = 0; draw < 100_000; draw++)
        {
            var value = random.NextDouble() * Math.Pow(10, random.NextInt32(30) - 20);
            Assert.Equal(0, value == 0 ? 0 : SimulationRandom.Log(value) - Math.Log(value), 1e-13);
        }

        Assert.Equal(0, SimulationRandom.Log(1));
    }

    [Fact]
    public void NextNormalAndPoisson_ManyDraws_HaveTheirMoments()
    {
        var random = new SimulationRandom(1, "moments", 0);
        var normal = Enumerable.Range(0, 200_000).Select(_ => random.NextNormal(10, 3)).ToArray();
        var poisson = Enumerable.Range(0, 200_000).Select(_ => (double)random.NextPoisson(2.5)).ToArray();

        Assert.Equal(10, normal.Average(), 0.05);
        Assert.Equal(9, normal.Average(static value => (value - 10) * (value - 10)), 0.2);
        Assert.Equal(2.5, poisson.Average(), 0.02);
        Assert.Equal(2.5, poisson.Average(static value => (value - 2.5) * (value - 2.5)), 0.05);
    }
}

using System.CommandLine;
using System.Globalization;
using ZeroWorld.ML.Pipelines.Fraud;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml simulate</c>: card transactions with frauds, as a CSV file.</summary>
internal static class SimulateCommand
{
    // A customer pays a Poisson number of times a day, with a mean that is uniform between 0 and 4; a few payments fall outside the day.
    private const double PaymentsPerCustomerAndDay = 1.95;

    public static Command Create()
    {
        var defaults = new SimulationOptions();
        var path = new Argument<string>("path") { Description = "File to write; a name that ends in .gz is compressed." };
        var customers = new Option<int>("--customers") { Description = "Card holders.", DefaultValueFactory = _ => defaults.Customers };
        var terminals = new Option<int>("--terminals") { Description = "Terminals.", DefaultValueFactory = _ => defaults.Terminals };
        var days = new Option<int>("--days") { Description = "Days from 2018-04-01 on.", DefaultValueFactory = _ => defaults.Days };
        var seed = new Option<int>("--seed") { Description = "Equal seeds give equal files.", DefaultValueFactory = _ => defaults.Seed };
        var command = new Command("simulate", "Writes simulated card transactions with three kinds of fraud.") { path, customers, terminals, days, seed };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var options = new SimulationOptions
            {
                Customers = parse.GetValue(customers),
                Terminals = parse.GetValue(terminals),
                Days = parse.GetValue(days),
                Seed = parse.GetValue(seed),
            };
            var target = parse.GetRequiredValue(path);
            var steps = StepConsole.ToStandardError(1);
            await steps.RunAsync("transactions", async progress =>
            {
                var summary = await TransactionCsvWriter.WriteAsync(target, options, new RowShare(progress, ExpectedRows(options)), cancellationToken);
                return (summary, string.Create(CultureInfo.InvariantCulture, $"{summary.Transactions:N0} rows, {summary.Frauds:N0} frauds, {target}"));
            });
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>About how many transactions there will be, for a progress bar.</summary>
    public static long ExpectedRows(SimulationOptions options) => (long)(PaymentsPerCustomerAndDay * options.Customers * options.Days);
}

using System.CommandLine;
using ZeroWorld.ML.Hosting;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml demo</c>: the whole job on one machine, then the server.</summary>
internal static class DemoCommand
{
    private const int PredictionsMax = 100_000;

    public static Command Create()
    {
        var transactions = new Option<string?>("--transactions")
        {
            Description = "A CSV(.gz) or Parquet file with TRANSACTION_ID, TX_DATETIME, CUSTOMER_ID, TERMINAL_ID, TX_AMOUNT, TX_FRAUD. Default: simulated.",
        };
        var seed = new Option<int>("--seed") { Description = "Seed of the simulator and of the sample.", DefaultValueFactory = static _ => 1 };
        var predictions = new Option<int>("--predictions") { Description = "Transactions of the test week to predict.", DefaultValueFactory = static _ => 1000 };
        var exit = new Option<bool>("--exit") { Description = "End when the job is done, instead of keeping the server up." };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON on standard output." };
        var command = new Command("demo", "Transactions to a fraud decision by entity id, on this machine, by itself.") { transactions, seed, predictions, exit, json };
        var server = ServerSettings.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var options = new DemoOptions
            {
                Transactions = parse.GetValue(transactions),
                Seed = parse.GetValue(seed),
                Predictions = parse.GetValue(predictions) is var count and >= 1 and <= PredictionsMax
                    ? count
                    : throw new UsageException($"--predictions is {parse.GetValue(predictions)}; expected 1 to {PredictionsMax}."),
            };
            return await RunAsync(options, server.Flags(parse), parse.GetValue(exit), parse.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        DemoOptions options, IReadOnlyDictionary<string, string> flags, bool exit, bool json, CancellationToken cancellationToken)
    {
        var configuration = ZeroWorldConfiguration.Load(ConfigurationInputs.FromProcess(flags));
        await using var server = ZeroWorldServer.Create(configuration, LocalServer.QuietLogging);

        // First of all: a taken port, a directory in use or a store that is away is known before any work is done.
        await server.StartAsync(cancellationToken);
        if (!await server.ReachesOnlineStoreAsync(cancellationToken))
        {
            throw new HostingException("The online store (setting Online:Redis, flag --redis) does not answer: see the line above. Nothing was done.");
        }

        var report = await new DemoRun(server, options, StepConsole.ToStandardError(DemoRun.StepCount)).RunAsync(cancellationToken);
        var isGood = report.Predictions.Differences.Count == 0 && report.Replay.Equal;
        if (json)
        {
            DemoReportJson.Write(report);
        }
        else
        {
            DemoReportView.Show(Terminals.Output, report);
        }

        if (!exit)
        {
            DemoReportView.ShowNext(json ? Terminals.Error : Terminals.Output, report, server.Addresses, Path.GetFullPath(configuration.Get<DataOptions>().DataDirectory));
            await server.RunAsync(cancellationToken);
        }
        else
        {
            await server.StopAsync();
        }

        return isGood ? ExitCode.Success : ExitCode.Failure;
    }
}

using System.CommandLine;
using System.Globalization;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Pipelines.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml moderate stream</c>: a worker of a Redis consumer group.</summary>
internal static class ModerateStreamCommand
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var redis = new Option<string>("--redis") { Description = "Address: host:port, and what else StackExchange.Redis reads.", Required = true };
        var stream = new Option<string>("--stream") { Description = "Key of the input stream; its entries have the field body.", DefaultValueFactory = static _ => "content" };
        var group = new Option<string>("--group") { Description = "Consumer group.", DefaultValueFactory = static _ => "moderation" };
        var consumer = new Option<string>("--consumer")
        {
            Description = "Name of this worker. Default: machine and process.",
            DefaultValueFactory = static _ => string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Environment.ProcessId}"),
        };
        var prefix = new Option<string>("--prefix") { Description = "Output streams are PREFIX:decisions, PREFIX:review and PREFIX:dead.", DefaultValueFactory = static _ => "moderation" };
        var abandoned = new Option<double>("--abandoned-after") { Description = "Seconds after which an unfinished entry is another worker's.", DefaultValueFactory = static _ => 60 };
        var drain = new Option<bool>("--drain") { Description = "End when nothing is left." };
        var (package, policy) = (ModerateCommand.Package(), ModerateCommand.Policy());
        var command = new Command("stream", "Decides about the entries of a Redis stream, until it is ended.") { redis, stream, group, consumer, prefix, abandoned, drain, package, policy };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var engine = await ModerationEngine.OpenAsync(parse.GetRequiredValue(package), parse.GetValue(policy), TimeProvider.System, cancellationToken);
            var watch = new PolicyWatch(engine, parse.GetValue(policy) ?? Path.Combine(parse.GetRequiredValue(package), "policy.json"), Console.Error.WriteLine);
            if (parse.GetValue(abandoned) is not (>= 0.1 and <= 86_400) and var seconds)
            {
                throw new UsageException($"--abandoned-after: {seconds} is out of range; expected 0.1 to 86,400 seconds.");
            }

            var options = new RedisWorkStreamOptions
            {
                Configuration = parse.GetRequiredValue(redis),
                Stream = parse.GetRequiredValue(stream),
                Group = parse.GetRequiredValue(group),
                Consumer = parse.GetRequiredValue(consumer),
                AbandonedAfter = TimeSpan.FromSeconds(parse.GetValue(abandoned)),
            };
            await using var work = await RedisWorkStream.OpenAsync(options, TimeProvider.System, cancellationToken);
            var finished = await RunAsync(new ModerationWorker(engine, work, parse.GetRequiredValue(prefix), TimeProvider.System), work, watch, parse.GetValue(drain), cancellationToken);
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{finished:N0} entries finished"));
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<long> RunAsync(ModerationWorker worker, RedisWorkStream work, PolicyWatch watch, bool isDrain, CancellationToken cancellationToken)
    {
        var total = 0L;
        while (!cancellationToken.IsCancellationRequested)
        {
            watch.Look();
            try
            {
                var (taken, finished) = await worker.RunBatchAsync(Wait, cancellationToken);
                total += finished;
                if (taken == 0 && isDrain && await work.CountAsync(cancellationToken) is (0, 0))
                {
                    break;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Ended by its user: what is not finished is another worker's, or this one's next time.
                break;
            }
            catch (FeatureException exception) when (exception.Error == FeatureError.StoreUnavailable)
            {
                await Console.Error.WriteLineAsync($"{exception.Message} Trying again.");
                await Task.Delay(RetryAfter, cancellationToken);
            }
        }

        return total;
    }
}

using System.CommandLine;
using System.Globalization;
using System.Net;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Kafka;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Pipelines.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml moderate stream</c>: a worker of a consumer group, of Redis or of Kafka.</summary>
internal static class ModerateStreamCommand
{
    public const string Name = "stream";

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var redis = new Option<string?>("--redis") { Description = "Address: host:port, and what else StackExchange.Redis reads." };
        var kafka = new Option<string?>("--kafka") { Description = "Brokers instead: host:port, several joined with ','." };
        var kafkaSettings = new Option<string?>("--kafka-settings") { Description = "Further settings of librdkafka, NAME=VALUE;NAME=VALUE." };
        var metricsPort = new Option<int?>("--metrics-port") { Description = "Port of /metrics, on all interfaces; 0 for a free one. Default: none." };
        var stream = new Option<string>("--stream") { Description = "Key of the input stream, whose entries have the field body; or the topic.", DefaultValueFactory = static _ => "content" };
        var group = new Option<string>("--group") { Description = "Consumer group.", DefaultValueFactory = static _ => "moderation" };
        var consumer = new Option<string>("--consumer")
        {
            Description = "Name of this worker, its own; for Kafka the same after a restart. Default: machine and process.",
            DefaultValueFactory = static _ => string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Environment.ProcessId}"),
        };
        var prefix = new Option<string>("--prefix") { Description = "Output streams are PREFIX:decisions, PREFIX:review and PREFIX:dead; topics have a full stop for the colon.", DefaultValueFactory = static _ => "moderation" };
        var abandoned = new Option<double>("--abandoned-after") { Description = "Seconds after which an unfinished entry is another worker's; of Redis.", DefaultValueFactory = static _ => 60 };
        var drain = new Option<bool>("--drain") { Description = "End when nothing is left." };
        var (package, policy) = (ModerateCommand.Package(), ModerateCommand.Policy());
        var command = new Command(Name, "Decides about the entries of a Redis stream or a Kafka topic, until it is ended.") { redis, kafka, kafkaSettings, metricsPort, stream, group, consumer, prefix, abandoned, drain, package, policy };
        var log = DecisionLogOption.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var source = await ModerationSource.OpenAsync(parse.GetRequiredValue(package), parse.GetValue(policy), cancellationToken);
            var engine = source.Engine;
            if (parse.GetValue(abandoned) is not (>= 0.1 and <= 86_400) and var seconds)
            {
                throw new UsageException($"--abandoned-after: {seconds} is out of range; expected 0.1 to 86,400 seconds.");
            }

            var (topic, worker) = (parse.GetRequiredValue(stream), parse.GetRequiredValue(consumer));
            await using IWorkStream work = (parse.GetValue(redis), parse.GetValue(kafka)) switch
            {
                ({ } address, null) => await RedisWorkStream.OpenAsync(
                    new RedisWorkStreamOptions
                    {
                        Configuration = address, Stream = topic, Group = parse.GetRequiredValue(group), Consumer = worker, AbandonedAfter = TimeSpan.FromSeconds(parse.GetValue(abandoned)),
                    },
                    TimeProvider.System,
                    cancellationToken),
                (null, { } brokers) => await KafkaWorkStream.OpenAsync(
                    new KafkaWorkStreamOptions
                    {
                        Kafka = KafkaOptions(brokers, parse.GetValue(kafkaSettings)), Topic = topic, Group = parse.GetRequiredValue(group), Worker = worker,
                        Outputs = ModerationWorker.StreamsOf(parse.GetRequiredValue(prefix)),
                    },
                    cancellationToken),
                _ => throw new UsageException("Either --redis or --kafka says where the stream is; expected one of them."),
            };
            await using var ledger = PolicyLedger.OfStreams(
                parse.GetValue(redis) is { } server ? await RedisKeyedLog.OpenAsync(server, cancellationToken) : new KafkaKeyedLog(KafkaOptions(parse.GetValue(kafka)!, parse.GetValue(kafkaSettings))),
                parse.GetRequiredValue(prefix));
            var watch = new PolicyWatch(engine, parse.GetValue(policy) ?? Path.Combine(parse.GetRequiredValue(package), "policy.json"), ledger, Console.Error.WriteLine);
            await using var metrics = parse.GetValue(metricsPort) is { } port ? await MetricsServer.StartAsync(IPAddress.Any, port, cancellationToken) : null;
            if (metrics is not null)
            {
                await Console.Error.WriteLineAsync($"metrics: {metrics.Address}metrics");
            }

            var finished = await log.RunAsync(parse, engine, parse.GetRequiredValue(package), decisions => RunAsync(
                new ModerationWorker(engine, work, parse.GetRequiredValue(prefix), TimeProvider.System, decisions), work, watch, parse.GetValue(drain), cancellationToken), cancellationToken);
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{finished:N0} entries finished"));
            return ExitCode.Success;
        });
        return command;
    }

    private static KafkaStreamOptions KafkaOptions(string brokers, string? settings) => new() { Brokers = brokers, Settings = settings };

    private static async Task<long> RunAsync(ModerationWorker worker, IWorkStream work, PolicyWatch watch, bool isDrain, CancellationToken cancellationToken)
    {
        var total = 0L;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await watch.LookAsync(cancellationToken);
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

using System.CommandLine;
using ZeroWorld.ML.Features.Kafka;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Pipelines.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary>Where the cases of a <c>zwml review</c> command are: a folder, Redis or Kafka.</summary>
internal sealed class ReviewSource
{
    private readonly Option<string?> _folder = new("--output", "-o") { Description = "Folder of the decisions (zwml moderate file)." };
    private readonly Option<string?> _redis = new("--redis") { Description = "Address instead: host:port, and what else StackExchange.Redis reads (zwml moderate stream)." };
    private readonly Option<string?> _kafka = new("--kafka") { Description = "Brokers instead: host:port, several joined with ','." };
    private readonly Option<string?> _settings = new("--kafka-settings") { Description = "Further settings of librdkafka, NAME=VALUE;NAME=VALUE." };
    private readonly Option<string> _prefix = new("--prefix") { Description = "Of the worker's streams: cases are in PREFIX:review, verdicts in PREFIX:verdicts; topics have a full stop for the colon.", DefaultValueFactory = static _ => "moderation" };

    private ReviewSource()
    {
    }

    public static ReviewSource AddTo(Command command)
    {
        var source = new ReviewSource();
        foreach (var option in (Option[])[source._folder, source._redis, source._kafka, source._settings, source._prefix])
        {
            command.Options.Add(option);
        }

        return source;
    }

    /// <summary>Runs an action on the queue, and says what of it was passed over.</summary>
    public async Task<int> RunAsync(ParseResult parse, Func<ReviewQueue, Task> run, CancellationToken cancellationToken)
    {
        await using var queue = await OpenAsync(parse, cancellationToken);
        await run(queue);
        if (queue.Unreadable > 0)
        {
            await Console.Error.WriteLineAsync($"{queue.Unreadable} records that are no review cases or verdicts were passed over.");
        }

        return ExitCode.Success;
    }

    private async Task<ReviewQueue> OpenAsync(ParseResult parse, CancellationToken cancellationToken) => (parse.GetValue(_folder), parse.GetValue(_redis), parse.GetValue(_kafka)) switch
    {
        ({ } folder, null, null) => Directory.Exists(folder)
            ? ReviewQueue.OfFolder(folder)
            : throw new UsageException($"--output: there is no folder '{folder}'; expected the folder that zwml moderate file wrote its decisions to."),
        (null, { } address, null) => ReviewQueue.OfStreams(await RedisKeyedLog.OpenAsync(address, cancellationToken), parse.GetRequiredValue(_prefix)),
        (null, null, { } brokers) => ReviewQueue.OfStreams(new KafkaKeyedLog(new KafkaStreamOptions { Brokers = brokers, Settings = parse.GetValue(_settings) }), parse.GetRequiredValue(_prefix)),
        _ => throw new UsageException("--output, --redis or --kafka says where the cases are; expected one of them."),
    };
}

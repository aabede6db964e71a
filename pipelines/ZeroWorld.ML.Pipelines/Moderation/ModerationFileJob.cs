using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Text;
using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>Decides about every item of a file, into a folder of JSONL files; killed at any instant and started again it loses nothing and decides nothing twice.</summary>
/// <remarks>
/// The folder has decisions.jsonl (one line per input line that is an item with a new id), dead-letters.jsonl, review.jsonl and progress.jsonl. A batch is in force when
/// its line in progress.jsonl is whole: the line holds the lengths of all files. Whatever lies behind those lengths at the start is of a batch that was not finished, and is
/// cut off. One writer: a lock file. Memory is bounded by the batch and by the ids seen, 16 bytes each.
/// </remarks>
public sealed class ModerationFileJob
{
    private const int BatchItems = 512;
    private const int PartItems = 32;
    private const long BatchBytes = 16 << 20;

    private static readonly string[] Files = ["decisions.jsonl", "dead-letters.jsonl", "review.jsonl"];

    private readonly ModerationEngine _engine;
    private readonly TimeProvider _time;
    private readonly Action<ModerationFileProgress>? _finished;
    private readonly IDecisionLog? _log;
    private readonly ConcurrentBag<TextWorkspace> _workspaces = [];

    /// <param name="finished">Called after each batch is in force.</param>
    /// <param name="log">Keeps the decisions, those of a batch that was not finished too. <see langword="null"/>: nobody does.</param>
    public ModerationFileJob(ModerationEngine engine, TimeProvider time, Action<ModerationFileProgress>? finished = null, IDecisionLog? log = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        (_engine, _time, _finished, _log) = (engine, time, finished, log);
    }

    /// <summary>Runs from where the folder is to the end of the input.</summary>
    /// <param name="beforeBatch">Called before each batch, so that a changed policy can be put in force.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the input is shorter than what was decided, or another process writes there.</exception>
    public ModerationFileProgress Run(IItemFile input, string folder, Action? beforeBatch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        Directory.CreateDirectory(folder);
        using var guard = Lock(folder);
        using var output = ModerationOutput.Open(folder, Files);
        var progress = output.Progress;
        if (progress.InputBytes > input.Length)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"input: '{input.Path}' ends at {input.Length}, of which {progress.InputBytes} were decided already; expected the same file, or a longer one.");
        }

        input.Seek(progress.InputBytes);
        var items = new List<(string Offset, ModerationItem Item)>(BatchItems);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            beforeBatch?.Invoke();
            var (isEnd, bytes) = (false, 0L);
            for (var count = 0; count < BatchItems && bytes < BatchBytes; count++)
            {
                if (!input.TryRead(out var line))
                {
                    isEnd = true;
                    break;
                }

                progress = progress with { Lines = progress.Lines + 1, InputBytes = input.Position };
                bytes += line.Length;
                if (line.Length > 0)
                {
                    progress = Take(line, input.Fault, progress, output, items);
                }
            }

            progress = Decide(items, progress, output, cancellationToken);
            items.Clear();
            output.Commit(progress);
            _finished?.Invoke(progress);
            if (isEnd)
            {
                return progress;
            }
        }
    }

    private ModerationFileProgress Take(ReadOnlyMemory<byte> line, string? fault, ModerationFileProgress progress, ModerationOutput output, List<(string Offset, ModerationItem Item)> items)
    {
        var offset = progress.Lines.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (ModerationItem.TryParse(line, out var reason) is not { } item || fault is not null)
        {
            ModerationMetrics.Refused();
            var text = Encoding.UTF8.GetString(line.Span[..Math.Min(line.Length, DeadLetter.ItemLengthMax)]);
            output.Write(1, new DeadLetter(offset, fault ?? reason, text, _time.GetUtcNow()));
            return progress with { DeadLetters = progress.DeadLetters + 1 };
        }

        if (!output.IsNew(item.Id))
        {
            return progress with { Repeated = progress.Repeated + 1 };
        }

        items.Add((offset, item));
        return progress;
    }

    // All processors decide, and write their decisions down; the file has them in the order of the input.
    private ModerationFileProgress Decide(List<(string Offset, ModerationItem Item)> items, ModerationFileProgress progress, ModerationOutput output, CancellationToken cancellationToken)
    {
        var decided = new (ModerationDecision Decision, byte[] Line)[items.Count];
        var options = new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount };
        try
        {
            Parallel.For(0, (items.Count + PartItems - 1) / PartItems, options, part =>
            {
                var workspace = _workspaces.TryTake(out var used) ? used : new TextWorkspace();
                var first = part * PartItems;
                var decisions = _engine.DecideAll(items[first..Math.Min(first + PartItems, items.Count)], workspace, _log);
                for (var place = 0; place < decisions.Count; place++)
                {
                    decided[first + place] = (decisions[place], JsonSerializer.SerializeToUtf8Bytes(decisions[place], ModerationJson.Options));
                }

                _workspaces.Add(workspace);
            });
        }
        catch (AggregateException exception)
        {
            // What one item failed with is the command's error, as when it was alone.
            ExceptionDispatchInfo.Throw(exception.InnerExceptions[0]);
        }

        for (var place = 0; place < decided.Length; place++)
        {
            var (decision, line) = decided[place];
            ModerationMetrics.Decided(decision);
            output.WriteLine(0, line);
            if (decision.Action == "review")
            {
                var (offset, item) = items[place];
                output.Write(2, new ReviewCase(offset, item.Id, item.Text, item.Language, item.Surface, decision) { IsExclusive = _engine.Model.IsExclusive });
            }

            progress = decision.Action switch
            {
                "block" => progress with { Blocked = progress.Blocked + 1 },
                "review" => progress with { Reviews = progress.Reviews + 1 },
                _ => progress with { Allowed = progress.Allowed + 1 },
            };
        }

        return progress;
    }

    private static FileStream Lock(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException exception)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"output: another process writes into '{folder}': {exception.Message}", exception);
        }
    }
}

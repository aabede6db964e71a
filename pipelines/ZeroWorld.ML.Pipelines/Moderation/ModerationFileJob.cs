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
    private const long BatchBytes = 16 << 20;

    private static readonly string[] Files = ["decisions.jsonl", "dead-letters.jsonl", "review.jsonl"];

    private readonly ModerationEngine _engine;
    private readonly TimeProvider _time;
    private readonly Action<ModerationFileProgress>? _finished;
    private readonly IDecisionLog? _log;

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
        var workspace = new TextWorkspace();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            beforeBatch?.Invoke();
            var isEnd = false;
            for (var count = 0; count < BatchItems && output.PendingBytes < BatchBytes; count++)
            {
                if (!input.TryRead(out var line))
                {
                    isEnd = true;
                    break;
                }

                progress = progress with { Lines = progress.Lines + 1, InputBytes = input.Position };
                if (line.Length > 0)
                {
                    progress = Process(line, progress, output, workspace);
                }
            }

            output.Commit(progress);
            _finished?.Invoke(progress);
            if (isEnd)
            {
                return progress;
            }
        }
    }

    private ModerationFileProgress Process(ReadOnlyMemory<byte> line, ModerationFileProgress progress, ModerationOutput output, TextWorkspace workspace)
    {
        var offset = progress.Lines.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (ModerationItem.TryParse(line, out var reason) is not { } item)
        {
            ModerationMetrics.Refused();
            var text = Encoding.UTF8.GetString(line.Span[..Math.Min(line.Length, DeadLetter.ItemLengthMax)]);
            output.Write(1, new DeadLetter(offset, reason, text, _time.GetUtcNow()));
            return progress with { DeadLetters = progress.DeadLetters + 1 };
        }

        if (!output.IsNew(item.Id))
        {
            return progress with { Repeated = progress.Repeated + 1 };
        }

        var decision = _engine.Decide(item, offset, workspace, _log);
        ModerationMetrics.Decided(decision);
        output.Write(0, decision);
        if (decision.Action == "review")
        {
            output.Write(2, new ReviewCase(offset, item.Id, item.Text, item.Language, item.Surface, decision));
        }

        return decision.Action switch
        {
            "block" => progress with { Blocked = progress.Blocked + 1 },
            "review" => progress with { Reviews = progress.Reviews + 1 },
            _ => progress with { Allowed = progress.Allowed + 1 },
        };
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

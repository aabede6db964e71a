using System.Globalization;
using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>The policies that decided somewhere, each under its name and version: a number names one content.</summary>
/// <remarks>
/// A policy is entered before it decides. Of two of one number, as one that was mapped to another model and one that was changed by hand, the one that was entered first has it, whichever process entered it.
/// </remarks>
/// <param name="log">Holds them.</param>
/// <param name="name">Of the log: records have <c>id</c> (<c>NAME/VERSION</c>) and <c>policy</c>.</param>
public sealed class PolicyLedger(IKeyedLog log, string name) : IAsyncDisposable
{
    /// <summary><c>policies.jsonl</c> of a folder.</summary>
    public static PolicyLedger OfFolder(string folder) => new(new FolderKeyedLog(folder), "policies");

    /// <summary><c>PREFIX:policies</c> beside the streams of workers with this prefix.</summary>
    public static PolicyLedger OfStreams(IKeyedLog log, string prefix) => new(log, $"{prefix}:policies");

    /// <summary>Enters a policy, which may be there already.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: its number is that of another content.</exception>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: it is entered or not; repeating it tells.</exception>
    public async Task EnterAsync(ModerationPolicy policy, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var id = string.Create(CultureInfo.InvariantCulture, $"{policy.Name}/{policy.Version}");
        if (await log.TryAppendAsync(name, id, JsonSerializer.SerializeToUtf8Bytes(new Entry(id, policy), ModerationJson.Options), cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        await foreach (var record in log.ReadAsync(name, from: null, cancellationToken).ConfigureAwait(false))
        {
            if (Parse(record.Body) is { Policy: { } first } entry && entry.Id == id)
            {
                if (first.ContentDigest != policy.ContentDigest)
                {
                    throw new TrainingException(
                        TrainingError.InvalidInput,
                        $"policy '{policy.Name}': version {policy.Version} is the number of another content already ({Named(first)}; this one is {Named(policy)}). A number names one content: give this one a later version.");
                }

                return;
            }
        }
    }

    public ValueTask DisposeAsync() => log.DisposeAsync();

    private static string Named(ModerationPolicy policy) => $"{policy.ContentDigest}, for model {policy.Model}";

    private static Entry? Parse(ReadOnlyMemory<byte> record)
    {
        try
        {
            return JsonSerializer.Deserialize<Entry>(record.Span, ModerationJson.Options);
        }
        catch (JsonException)
        {
            // Not written here.
            return null;
        }
    }

    private sealed record Entry(string Id, ModerationPolicy Policy);
}

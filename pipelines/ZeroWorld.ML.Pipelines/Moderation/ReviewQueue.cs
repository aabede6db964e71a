using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>The cases that wait for a person, and the verdicts on them: of a folder, or of the streams beside a worker's decisions. The first verdict of a case counts.</summary>
/// <param name="log">Holds both.</param>
/// <param name="cases">Name of the log of <see cref="ReviewCase"/>s.</param>
/// <param name="verdicts">Name of the log of <see cref="ReviewVerdict"/>s.</param>
public sealed class ReviewQueue(IKeyedLog log, string cases, string verdicts) : IAsyncDisposable
{
    // A mark is left when so many more cases are closed without a gap.
    private const int MarkEvery = 256;

    /// <summary>What is no case or no verdict, and was passed over, as far as was read.</summary>
    public int Unreadable { get; private set; }

    /// <summary>Of the folder that a <see cref="ModerationFileJob"/> writes, which may be running.</summary>
    public static ReviewQueue OfFolder(string folder) => new(new FolderKeyedLog(folder), "review", "verdicts");

    /// <summary>Of the streams that a <see cref="ModerationWorker"/> with this prefix writes; verdicts go to <c>PREFIX:verdicts</c>.</summary>
    public static ReviewQueue OfStreams(IKeyedLog log, string prefix) => new(log, ModerationWorker.ReviewOf(prefix), $"{prefix}:verdicts");

    /// <summary>Cases without a verdict, oldest first, each once.</summary>
    /// <param name="after">Only those behind the case with this id, open or closed; <see langword="null"/>: from the first on.</param>
    /// <param name="most">So many at most, 1 or more: no more are held in memory.</param>
    /// <param name="isAsked">Which of them; <see langword="null"/>: all.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: there is no case <paramref name="after"/>.</exception>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    public async Task<IReadOnlyList<ReviewCase>> ListAsync(string? after, int most, Func<ReviewCase, bool>? isAsked, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        var mark = await FindMarkAsync(cancellationToken).ConfigureAwait(false);
        var (closed, given, isOfThese) = (new HashSet<string>(StringComparer.Ordinal), 0, false);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await foreach (var (place, verdict) in ReadAsync<ReviewVerdict>(verdicts, from: null, IsWhole, cancellationToken).ConfigureAwait(false))
        {
            closed.Add(verdict.Id);
            digest.AppendData(Encoding.UTF8.GetBytes($"{place} {verdict.Id}\n"));
            given++;
            isOfThese |= given == mark?.Verdicts && Digest(digest) == mark.Digest;
        }

        var from = isOfThese ? mark!.Case : null;
        var (open, isBehind, told, passed, last) = (new List<ReviewCase>(), after is null, new HashSet<string>(StringComparer.Ordinal), 0, "");
        await foreach (var (place, one) in ReadAsync<ReviewCase>(cases, from, IsWhole, cancellationToken).ConfigureAwait(false))
        {
            var isOpen = !closed.Contains(one.Id) && told.Add(one.Id);
            (passed, last) = told.Count == 0 ? (passed + 1, place) : (passed, last);
            if (isOpen && open.Count < most && isAsked?.Invoke(one) != false)
            {
                open.Add(one);
            }

            if (isBehind && open.Count == most)
            {
                break;
            }

            if (!isBehind && one.Id == after)
            {
                isBehind = true;
                open.Clear();
            }
        }

        await LeaveMarkAsync(new ReviewMark(last, given, Digest(digest)), passed, cancellationToken).ConfigureAwait(false);

        // It may be one of the closed ones before all of these.
        return isBehind || (from is not null && await FindCaseAsync(after!, null, from, cancellationToken).ConfigureAwait(false) is not null) ? open : throw Unknown(after!);
    }

    /// <summary>A case, and its verdict where it has one.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: there is no such case.</exception>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    public async Task<(ReviewCase Case, ReviewVerdict? Verdict)> FindAsync(string id, CancellationToken cancellationToken)
    {
        return (await CaseOfAsync(id, cancellationToken).ConfigureAwait(false), await VerdictOfAsync(id, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Closes a case. Repeating it changes nothing.</summary>
    /// <param name="labels">All that are true of it, in any order; none for a text that no label is true of.</param>
    /// <returns>The verdict that counts.</returns>
    /// <exception cref="TrainingException">
    /// <see cref="TrainingError.InvalidInput"/>: there is no such case, the model has no such label, gives each text exactly one and these are not one, or the case has a verdict with other labels.
    /// </exception>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: the verdict is there or not; repeating it is safe.</exception>
    public async Task<ReviewVerdict> CloseAsync(string id, IReadOnlyList<string> labels, string reviewer, DateTimeOffset time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var verdict = VerdictOf(await CaseOfAsync(id, cancellationToken).ConfigureAwait(false), labels, reviewer, time);
        if (await log.TryAppendAsync(verdicts, id, JsonSerializer.SerializeToUtf8Bytes(verdict, ModerationJson.Options), cancellationToken).ConfigureAwait(false))
        {
            return verdict;
        }

        // This one's, or somebody else's, came first.
        var given = await VerdictOfAsync(id, cancellationToken).ConfigureAwait(false) ?? verdict;
        return given.Given.ToHashSet(StringComparer.Ordinal).SetEquals(verdict.Given)
            ? given
            : throw new TrainingException(TrainingError.InvalidInput, $"id: '{id}' is no open case: {given.Reviewer} said '{given.Summary}' at {given.Time:u}.");
    }

    /// <summary>All verdicts that count, oldest first: what <c>zwml train moderation --verdicts</c> learns from.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    public async IAsyncEnumerable<ReviewVerdict> VerdictsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var (_, verdict) in ReadAsync<ReviewVerdict>(verdicts, from: null, IsWhole, cancellationToken).ConfigureAwait(false))
        {
            if (seen.Add(verdict.Id))
            {
                yield return verdict;
            }
        }
    }

    public ValueTask DisposeAsync() => log.DisposeAsync();

    // One label is written as ever, unless others could have been true beside it.
    private static ReviewVerdict VerdictOf(ReviewCase found, IReadOnlyList<string> labels, string reviewer, DateTimeOffset time)
    {
        var known = found.Decision.Scores.Keys;
        if (labels.FirstOrDefault(label => !found.Decision.Scores.ContainsKey(label)) is { } unknown)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"label: '{unknown}' is none of the model; expected one of {string.Join(", ", known)}.");
        }

        string[] given = [.. known.Where(labels.Contains)];
        if (found.IsExclusive == true && given.Length != 1)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"label: {given.Length} labels; expected one of {string.Join(", ", known)}, since exactly one of them is true of a text.");
        }

        var isOne = found.IsExclusive != false && given.Length == 1;
        return new ReviewVerdict(found.Id, found.Text, isOne ? given[0] : null, isOne ? null : given, reviewer, time) { Language = NullIfEmpty(found.Language), Surface = NullIfEmpty(found.Surface) };
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private async Task<ReviewCase> CaseOfAsync(string id, CancellationToken cancellationToken)
    {
        var from = (await FindMarkAsync(cancellationToken).ConfigureAwait(false))?.Case;
        return await FindCaseAsync(id, from, null, cancellationToken).ConfigureAwait(false)
            ?? (from is null ? null : await FindCaseAsync(id, null, from, cancellationToken).ConfigureAwait(false))
            ?? throw Unknown(id);
    }

    private async Task<ReviewVerdict?> VerdictOfAsync(string id, CancellationToken cancellationToken)
    {
        await foreach (var (_, verdict) in ReadAsync<ReviewVerdict>(verdicts, from: null, IsWhole, cancellationToken).ConfigureAwait(false))
        {
            if (verdict.Id == id)
            {
                return verdict;
            }
        }

        return null;
    }

    // Where an earlier reader was, if it is there.
    private async Task<ReviewMark?> FindMarkAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (Parse<ReviewMark>(Encoding.UTF8.GetBytes(await log.FindMarkAsync(cases, cancellationToken).ConfigureAwait(false) ?? "null")) is not { Case: { } place } mark)
            {
                return null;
            }

            await foreach (var record in log.ReadAsync(cases, place, cancellationToken).ConfigureAwait(false))
            {
                return record.Place == place ? mark : null;
            }
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.StoreUnavailable)
        {
            // As with one that cannot be left: where it is not this key alone, reading the cases says so.
        }

        return null;
    }

    private async Task LeaveMarkAsync(ReviewMark mark, int passed, CancellationToken cancellationToken)
    {
        if (mark.Case.Length == 0 || passed < MarkEvery)
        {
            return;
        }

        try
        {
            await log.SetMarkAsync(cases, JsonSerializer.Serialize(mark, ModerationJson.Options), cancellationToken).ConfigureAwait(false);
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.StoreUnavailable)
        {
            // It saves the next reader time and is nobody's answer: one who may only read goes on without.
        }
    }

    private static string Digest(IncrementalHash digest) => Convert.ToHexStringLower(digest.GetCurrentHash().AsSpan(0, 16));

    // From a place on, or up to one.
    private async Task<ReviewCase?> FindCaseAsync(string id, string? from, string? before, CancellationToken cancellationToken)
    {
        await foreach (var (place, one) in ReadAsync<ReviewCase>(cases, from, IsWhole, cancellationToken).ConfigureAwait(false))
        {
            if (one.Id == id)
            {
                return one;
            }

            if (before is not null && place == before)
            {
                break;
            }
        }

        return null;
    }

    private async IAsyncEnumerable<(string Place, T Value)> ReadAsync<T>(string name, string? from, Func<T, bool> isWhole, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        await foreach (var record in log.ReadAsync(name, from, cancellationToken).ConfigureAwait(false))
        {
            // Others may write there, and of a file the last line can be torn.
            if (Parse<T>(record.Body) is { } value && isWhole(value))
            {
                yield return (record.Place, value);
            }
            else
            {
                Unreadable++;
            }
        }
    }

    // What a line leaves out is null, whatever its type says.
    private static bool IsWhole(ReviewCase one) => one is { Id: not null, Text: not null, Decision.Scores: not null };

    private static bool IsWhole(ReviewVerdict verdict) => verdict is { Id: not null, Text: not null } and ({ Label: not null } or { Labels: not null }) && !verdict.Given.Contains(null!);

    private static T? Parse<T>(ReadOnlyMemory<byte> record)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(record.Span, ModerationJson.Options);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private TrainingException Unknown(string id) => new(TrainingError.InvalidInput, $"id: '{id}' is no case of '{cases}'.");
}

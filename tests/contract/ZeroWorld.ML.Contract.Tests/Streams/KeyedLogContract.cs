using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>What every keyed log does, and the review queue on it.</summary>
public abstract class KeyedLogContract
{
    private protected const int Pages = 600;
    private protected const int Cases = 300;

    private protected static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The same logs each time, as another process opens them.</summary>
    protected abstract Task<IKeyedLog> OpenAsync();

    [Fact]
    public async Task ReadAsync_NoLog_IsEmpty()
    {
        await using var log = await OpenAsync();

        Assert.Empty(await ReadAsync(log, "verdicts"));
    }

    [Fact]
    public async Task TryAppendAsync_KeyThatIsThere_ChangesNothing()
    {
        await using (var log = await OpenAsync())
        {
            Assert.True(await AppendAsync(log, "verdicts", "a", 1));
            Assert.True(await AppendAsync(log, "verdicts", "b", 2));
            Assert.False(await AppendAsync(log, "verdicts", "a", 3));
        }

        await using var other = await OpenAsync();
        Assert.False(await AppendAsync(other, "verdicts", "b", 4));
        Assert.Equal([Record("a", 1), Record("b", 2)], (await ReadAsync(other, "verdicts")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task TryAppendAsync_OneKeyByManyAtOnce_IsOneOfTheirs()
    {
        var took = await Task.WhenAll(Enumerable.Range(0, 8).Select(async one =>
        {
            await using var log = await OpenAsync();
            return await AppendAsync(log, "verdicts", "same", one);
        }));

        await using var reader = await OpenAsync();
        var counts = Assert.Single(took, static took => took);
        Assert.True(counts);
        Assert.Equal(Record("same", Array.IndexOf(took, true)), (await ReadAsync(reader, "verdicts"))[0]);
    }

    [Fact]
    public async Task ReadAsync_ManyRecords_GivesAllOldestFirst()
    {
        await using var log = await OpenAsync();
        await FillAsync(log, "review", Pages);

        var records = await ReadAsync(log, "review");

        Assert.Equal(Pages, records.Count);
        Assert.Equal(records.Select(NumberOf).Order(), Enumerable.Range(0, Pages));
    }

    [Fact]
    public async Task ReviewQueue_CasesAndVerdicts_AreListedClosedAndExported()
    {
        await using var log = await OpenAsync();
        foreach (var id in (string[])["one", "two", "three"])
        {
            await log.TryAppendAsync("review", id, Case(id), Cancellation);
        }

        await log.TryAppendAsync("review", "strange", Encoding.UTF8.GetBytes("""{"id":"strange"}"""), Cancellation);
        var queue = new ReviewQueue(log, "review", "verdicts");
        string[] ids = [.. (await queue.ListAsync(null, 10, null, Cancellation)).Select(static one => one.Id)];

        Assert.Equal(["one", "three", "two"], ids.Order(StringComparer.Ordinal));
        Assert.Equal(1, queue.Unreadable);
        Assert.Equal(ids[..2], (await queue.ListAsync(null, 2, null, Cancellation)).Select(static one => one.Id));
        Assert.Equal(ids[2..], (await queue.ListAsync(ids[1], 2, null, Cancellation)).Select(static one => one.Id));
        Assert.Equal(ids[1..2], (await queue.ListAsync(null, 1, one => one.Id != ids[0], Cancellation)).Select(static one => one.Id));

        var verdict = await queue.CloseAsync("two", ["foul"], "rosa", Time, Cancellation);
        var repeated = await queue.CloseAsync("two", ["foul"], "max", Time.AddDays(1), Cancellation);
        await queue.CloseAsync("one", ["fine"], "max", Time.AddDays(1), Cancellation);

        Assert.Equal(new ReviewVerdict("two", "text of two", "foul", null, "rosa", Time) { Language = "en" }, verdict);
        Assert.Equal(verdict, repeated);
        Assert.Equal(["three"], (await queue.ListAsync(null, 10, null, Cancellation)).Select(static one => one.Id));
        Assert.Equal(verdict, (await queue.FindAsync("two", Cancellation)).Verdict);
        Assert.Null((await queue.FindAsync("three", Cancellation)).Verdict);
        var exported = new List<string>();
        await foreach (var one in queue.VerdictsAsync(Cancellation))
        {
            exported.Add($"{one.Text}: {one.Label}");
        }

        Assert.Equal(["text of one: fine", "text of two: foul"], exported.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ReviewQueue_MarksThatMayNotBeReadOrLeft_IsReadFromTheFirstOn()
    {
        await using var log = new CountedLog(await OpenAsync()) { MayMark = false };
        await log.TryAppendAsync("review", "one", Case("one"), Cancellation);
        var queue = new ReviewQueue(log, "review", "verdicts");

        Assert.Equal(["one"], (await queue.ListAsync(null, 5, null, Cancellation)).Select(static one => one.Id));
        Assert.Equal("one", (await queue.FindAsync("one", Cancellation)).Case.Id);
    }

    [Fact]
    public async Task ReviewQueue_VerdictOnAnOpenCase_ReadsNoOthers()
    {
        await using var log = new CountedLog(await OpenAsync());
        var queue = new ReviewQueue(log, "review", "verdicts");
        foreach (var id in (string[])["one", "two", "three"])
        {
            await log.TryAppendAsync("review", id, Case(id), Cancellation);
            await queue.CloseAsync(id, ["foul"], "rosa", Time, Cancellation);
        }

        Assert.Equal(0, log.VerdictsRead);
        Assert.Equal("rosa", (await queue.CloseAsync("two", ["foul"], "max", Time, Cancellation)).Reviewer);
        Assert.NotEqual(0, log.VerdictsRead);
    }

    [Fact]
    public async Task ReviewQueue_WhatCannotBe_SaysWhat()
    {
        await using var log = await OpenAsync();
        await log.TryAppendAsync("review", "one", Case("one"), Cancellation);
        var queue = new ReviewQueue(log, "review", "verdicts");
        await queue.CloseAsync("one", ["foul"], "rosa", Time, Cancellation);

        await AssertRefusedAsync("id: 'one' is no open case: rosa said 'foul' at 2026-01-02 03:04:05Z.", () => queue.CloseAsync("one", ["fine"], "max", Time, Cancellation));
        await AssertRefusedAsync("label: 'rude' is none of the model; expected one of fine, foul.", () => queue.CloseAsync("one", ["rude"], "max", Time, Cancellation));
        await AssertRefusedAsync("id: 'two' is no case of 'review'.", () => queue.CloseAsync("two", ["fine"], "max", Time, Cancellation));
        await AssertRefusedAsync("label: 2 labels; expected one of fine, foul, since exactly one of them is true of a text.", () => queue.CloseAsync("one", ["fine", "foul"], "max", Time, Cancellation));
        await AssertRefusedAsync("label: 0 labels; expected one of fine, foul, since exactly one of them is true of a text.", () => queue.CloseAsync("one", [], "max", Time, Cancellation));
        await AssertRefusedAsync("id: 'two' is no case of 'review'.", () => queue.ListAsync("two", 1, null, Cancellation));
    }

    [Fact]
    public async Task ReviewQueue_TextsOfSeveralLabels_VerdictsNameAllThatAreTrue()
    {
        await using var log = await OpenAsync();
        foreach (var id in (string[])["both", "none", "one", "before"])
        {
            await log.TryAppendAsync("review", id, Case(id, isExclusive: false), Cancellation);
        }

        await log.TryAppendAsync("verdicts", "before", Encoding.UTF8.GetBytes("""{"id":"before","text":"text of before","label":"foul","reviewer":"eve","time":"2026-01-01T00:00:00+00:00"}"""), Cancellation);
        var queue = new ReviewQueue(log, "review", "verdicts");

        var both = await queue.CloseAsync("both", ["foul", "fine", "foul"], "rosa", Time, Cancellation);
        var repeated = await queue.CloseAsync("both", ["fine", "foul"], "max", Time.AddDays(1), Cancellation);
        await queue.CloseAsync("none", [], "rosa", Time, Cancellation);
        await queue.CloseAsync("one", ["foul"], "rosa", Time, Cancellation);
        var old = await queue.CloseAsync("before", ["foul"], "max", Time, Cancellation);

        Assert.Equal(["fine", "foul"], both.Given);
        Assert.Equal(("rosa", both.Time), (repeated.Reviewer, repeated.Time));
        Assert.Equal("eve", old.Reviewer);
        await AssertRefusedAsync("id: 'both' is no open case: rosa said 'fine, foul' at 2026-01-02 03:04:05Z.", () => queue.CloseAsync("both", ["foul"], "max", Time, Cancellation));
        await AssertRefusedAsync("id: 'none' is no open case: rosa said 'none of the labels' at 2026-01-02 03:04:05Z.", () => queue.CloseAsync("none", ["foul"], "max", Time, Cancellation));
        await AssertRefusedAsync("label: 'rude' is none of the model; expected one of fine, foul.", () => queue.CloseAsync("one", ["foul", "rude"], "max", Time, Cancellation));
        Assert.Empty(await queue.ListAsync(null, 10, null, Cancellation));
        var exported = new List<string>();
        await foreach (var one in queue.VerdictsAsync(Cancellation))
        {
            exported.Add(JsonSerializer.Serialize(one with { Reviewer = "", Time = Time, Language = null }, ModerationJson.Options));
        }

        const string End = ",\"reviewer\":\"\",\"time\":\"2026-01-02T03:04:05+00:00\"}";
        Assert.Equal(
            [
                $$"""{"id":"before","text":"text of before","label":"foul"{{End}}""",
                $$"""{"id":"both","text":"text of both","labels":["fine","foul"]{{End}}""",
                $$"""{"id":"none","text":"text of none","labels":[]{{End}}""",
                $$"""{"id":"one","text":"text of one","labels":["foul"]{{End}}""",
            ],
            exported.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task PolicyLedger_OneNumberForTwoContents_RefusesTheSecond()
    {
        var policy = new ModerationPolicy { Name = "house", Version = 2, Model = "sha256:a", Rules = [new ModerationRule("foul", 0.5, 0.9)] };
        var byHand = policy with { Model = "sha256:b", Rules = [new ModerationRule("foul", 0.4, 0.9) { ChosenFor = "by hand" }] };
        await using (var log = await OpenAsync())
        {
            await new PolicyLedger(log, "policies").EnterAsync(policy, Cancellation);
            await new PolicyLedger(log, "policies").EnterAsync(policy with { Version = 3 }, Cancellation);
        }

        await using var other = await OpenAsync();
        var ledger = new PolicyLedger(other, "policies");
        await ledger.EnterAsync(policy with { Rules = [.. policy.Rules] }, Cancellation);

        await AssertRefusedAsync(
            $"policy 'house': version 2 is the number of another content already ({policy.ContentDigest}, for model sha256:a; this one is {byHand.ContentDigest}, for model sha256:b). "
            + "A number names one content: give this one a later version.",
            () => ledger.EnterAsync(byHand, Cancellation));
        await ledger.EnterAsync(byHand with { Version = 4 }, Cancellation);
        Assert.Equal(3, (await ReadAsync(other, "policies")).Count);
    }

    /// <summary>Records with the numbers from 0 on, in their order.</summary>
    protected virtual async Task FillAsync(IKeyedLog log, string name, int count)
    {
        for (var number = 0; number < count; number++)
        {
            await AppendAsync(log, name, number.ToString(CultureInfo.InvariantCulture), number);
        }
    }

    protected static string Record(string key, int number) => $$"""{"id":"{{key}}","number":{{number}}}""";

    private protected static async Task<bool> AppendAsync(IKeyedLog log, string name, string key, int number)
    {
        while (true)
        {
            try
            {
                return await log.TryAppendAsync(name, key, Encoding.UTF8.GetBytes(Record(key, number)), Cancellation);
            }
            catch (FeatureException exception) when (exception.Error == FeatureError.StoreUnavailable)
            {
                // As the port says: repeating it tells.
                await Task.Yield();
            }
        }
    }

    private static int NumberOf(string record)
    {
        using var document = JsonDocument.Parse(record);
        return document.RootElement.GetProperty("number").GetInt32();
    }

    protected static async Task<List<string>> ReadAsync(IKeyedLog log, string name)
    {
        var records = new List<string>();
        await foreach (var record in log.ReadAsync(name, from: null, Cancellation))
        {
            records.Add(Encoding.UTF8.GetString(record.Body.Span));
        }

        return records;
    }

    private protected static byte[] Verdict(string id) =>
        JsonSerializer.SerializeToUtf8Bytes(new ReviewVerdict(id, $"text of {id}", "foul", null, "rosa", Time), ModerationJson.Options);

    private protected static byte[] Case(string id, bool isExclusive = true) => JsonSerializer.SerializeToUtf8Bytes(
        new ReviewCase("1", id, $"text of {id}", "en", "", new ModerationDecision
        {
            Offset = "1", Id = id, Action = "review", Label = "foul", Scores = new Dictionary<string, float> { ["fine"] = 0.4f, ["foul"] = 0.6f }, Policy = "house", PolicyVersion = 1, Model = "sha256:0", Time = Time,
        })
        { IsExclusive = isExclusive },
        ModerationJson.Options);

    private protected static async Task AssertRefusedAsync(string message, Func<Task> act) => Assert.Equal(message, (await Assert.ThrowsAsync<TrainingException>(act)).Message);

    // How many cases were read, and what a user without rights to the mark sees.
    private protected sealed class CountedLog(IKeyedLog log) : IKeyedLog
    {
        public int Read { get; set; }

        public int VerdictsRead { get; private set; }

        public bool MayMark { get; init; } = true;

        public async IAsyncEnumerable<LogRecord> ReadAsync(string name, string? from, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var record in log.ReadAsync(name, from, cancellationToken))
            {
                Read += name == "review" ? 1 : 0;
                VerdictsRead += name == "verdicts" ? 1 : 0;
                yield return record;
            }
        }

        public Task<bool> TryAppendAsync(string name, string key, ReadOnlyMemory<byte> record, CancellationToken cancellationToken) => log.TryAppendAsync(name, key, record, cancellationToken);

        public Task<string?> FindMarkAsync(string name, CancellationToken cancellationToken) => MayMark ? log.FindMarkAsync(name, cancellationToken) : throw Refused();

        public Task SetMarkAsync(string name, string mark, CancellationToken cancellationToken) => MayMark ? log.SetMarkAsync(name, mark, cancellationToken) : throw Refused();

        public ValueTask DisposeAsync() => log.DisposeAsync();

        private static FeatureException Refused() => new(FeatureError.StoreUnavailable, "This user may read the cases only.");
    }
}

using System.Text;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>What keyed logs do whose records have places, and which keep marks.</summary>
public abstract class PlacedLogContract : KeyedLogContract
{
    [Fact]
    public async Task ReadAsync_FromAPlace_BeginsWithItsRecord()
    {
        await using var log = await OpenAsync();
        await FillAsync(log, "review", Pages);
        var places = new List<string>();
        await foreach (var record in log.ReadAsync("review", from: null, Cancellation))
        {
            places.Add(record.Place);
        }

        var from = new List<string>();
        await foreach (var record in log.ReadAsync("review", places[300], Cancellation))
        {
            from.Add(record.Place);
        }

        Assert.Equal(Pages, places.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(places[300..], from);
    }

    [Fact]
    public async Task ReviewQueue_ManyClosedCases_IsReadFromTheOpenOnesOn()
    {
        await using var log = new CountedLog(await OpenAsync());
        for (var number = 0; number < Cases; number++)
        {
            await log.TryAppendAsync("review", $"case {number}", Case($"case {number}"), Cancellation);
        }

        var queue = new ReviewQueue(log, "review", "verdicts");
        var ids = (await queue.ListAsync(null, Cases, null, Cancellation)).Select(static one => one.Id).ToArray();
        Assert.Null(await log.FindMarkAsync("review", Cancellation));

        // All but one of the first 280, not in their order.
        foreach (var id in ids[..280].Where((_, place) => place != 270).Reverse())
        {
            await log.TryAppendAsync("verdicts", id, Verdict(id), Cancellation);
        }

        string[] open = [ids[270], .. ids[280..]];
        Assert.Equal(open[..3], (await queue.ListAsync(null, 3, null, Cancellation)).Select(static one => one.Id));

        Assert.Equal(open, (await queue.ListAsync(null, Cases, null, Cancellation)).Select(static one => one.Id));
        Assert.Equal(open, (await queue.ListAsync(ids[7], Cases, null, Cancellation)).Select(static one => one.Id));
        Assert.Equal(open[1..], (await queue.ListAsync(ids[270], Cases, null, Cancellation)).Select(static one => one.Id));
        Assert.Equal(ids[275], (await queue.FindAsync(ids[275], Cancellation)).Case.Id);
        Assert.Equal("rosa", (await queue.FindAsync(ids[7], Cancellation)).Verdict?.Reviewer);
        await AssertRefusedAsync("id: 'nobody' is no case of 'review'.", () => queue.ListAsync("nobody", 1, null, Cancellation));
        log.Read = 0;
        await queue.CloseAsync(ids[270], ["foul"], "rosa", Time, Cancellation);
        Assert.InRange(log.Read, 1, 5);

        // A case of before that comes again has its verdict.
        await log.TryAppendAsync("review", "again", Case(ids[3]), Cancellation);
        Assert.Equal(open[1..], (await queue.ListAsync(null, Cases, null, Cancellation)).Select(static one => one.Id));
    }

    [Fact]
    public async Task ReviewQueue_VerdictsBegunAnew_CasesThatTheMarkIsBehindAreOpenAgain()
    {
        await using var log = new CountedLog(await OpenAsync());
        for (var number = 0; number < Cases; number++)
        {
            await log.TryAppendAsync("review", $"case {number}", Case($"case {number}"), Cancellation);
            await log.TryAppendAsync("verdicts", $"case {number}", Verdict($"case {number}"), Cancellation);
        }

        Assert.Empty(await new ReviewQueue(log, "review", "verdicts").ListAsync(null, Cases, null, Cancellation));
        Assert.NotNull(await log.FindMarkAsync("review", Cancellation));

        // As many as there were, and of one case none.
        var queue = new ReviewQueue(log, "review", "anew");
        for (var number = 0; number < Cases; number++)
        {
            var id = number == 7 ? "another case" : $"case {number}";
            await log.TryAppendAsync("anew", id, Verdict(id), Cancellation);
        }

        Assert.Equal(["case 7"], (await queue.ListAsync(null, Cases, null, Cancellation)).Select(static one => one.Id));
    }

    [Fact]
    public async Task ReviewQueue_RecordThatIsNoCaseBehindTheMark_IsCountedOnce()
    {
        await using var log = new CountedLog(await OpenAsync());
        for (var number = 0; number < Cases; number++)
        {
            await log.TryAppendAsync("review", $"case {number}", Case($"case {number}"), Cancellation);
            await log.TryAppendAsync("verdicts", $"case {number}", Verdict($"case {number}"), Cancellation);
        }

        Assert.Empty(await new ReviewQueue(log, "review", "verdicts").ListAsync(null, 1, null, Cancellation));
        await log.TryAppendAsync("review", "strange", Encoding.UTF8.GetBytes("""{"id":"strange"}"""), Cancellation);
        await log.TryAppendAsync("review", "open", Case("open"), Cancellation);
        var queue = new ReviewQueue(log, "review", "verdicts");

        Assert.Equal(["open"], (await queue.ListAsync("case 3", 5, null, Cancellation)).Select(static one => one.Id));

        Assert.Equal(1, queue.Unreadable);
    }

    [Fact]
    public async Task ReviewQueue_MarkThatIsOfAnotherLog_IsPassedOver()
    {
        await using var log = await OpenAsync();
        await log.TryAppendAsync("review", "one", Case("one"), Cancellation);
        await log.TryAppendAsync("review", "two", Case("two"), Cancellation);
        var queue = new ReviewQueue(log, "review", "verdicts");
        var places = new List<string>();
        await foreach (var record in log.ReadAsync("review", from: null, Cancellation))
        {
            places.Add(record.Place);
        }

        await log.TryAppendAsync("verdicts", "one", Verdict("nobody"), Cancellation);
        foreach (var mark in (string[])
            ["", "no mark", "{}", """{"case":"junk","verdicts":0}""", """{"case":"9-9","verdicts":0}""", $$"""{"case":"{{places[1]}}","verdicts":1}""", $$"""{"case":"{{places[1]}}","verdicts":1,"digest":"0"}"""])
        {
            await log.SetMarkAsync("review", mark, Cancellation);

            Assert.Equal(["one", "two"], (await queue.ListAsync(null, 5, null, Cancellation)).Select(static one => one.Id));
        }
    }
}

using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

public sealed class FolderKeyedLogTests : PlacedLogContract, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TryAppendAsync_BehindATornRecord_CutsIt()
    {
        await File.WriteAllTextAsync(_folder.Combine("verdicts.jsonl"), Record("a", 1) + "\n" + """{"id":"b","num""", Cancellation);
        await using var log = await OpenAsync();

        Assert.True(await log.TryAppendAsync("verdicts", "b", System.Text.Encoding.UTF8.GetBytes(Record("b", 2)), Cancellation));

        Assert.Equal([Record("a", 1), Record("b", 2)], await File.ReadAllLinesAsync(_folder.Combine("verdicts.jsonl"), Cancellation));
    }

    [Fact]
    public async Task TryAppendAsync_BehindAWholeRecordWithoutItsEnd_KeepsIt()
    {
        await File.WriteAllTextAsync(_folder.Combine("verdicts.jsonl"), Record("a", 1) + "\n" + Record("b", 2), Cancellation);
        await using var log = await OpenAsync();

        Assert.True(await log.TryAppendAsync("verdicts", "c", System.Text.Encoding.UTF8.GetBytes(Record("c", 3)), Cancellation));

        Assert.Equal([Record("a", 1), Record("b", 2), Record("c", 3)], await File.ReadAllLinesAsync(_folder.Combine("verdicts.jsonl"), Cancellation));
    }

    [Fact]
    public async Task TryAppendAsync_ToAFileWithAByteOrderMarkAndCrLf_KnowsItsKeys()
    {
        await File.WriteAllTextAsync(_folder.Combine("verdicts.jsonl"), $"\ufeff{Record("a", 1)}\r\n{Record("b", 2)}\r\n", Cancellation);
        await using var log = await OpenAsync();

        Assert.False(await log.TryAppendAsync("verdicts", "a", System.Text.Encoding.UTF8.GetBytes(Record("a", 3)), Cancellation));
        Assert.False(await log.TryAppendAsync("verdicts", "b", System.Text.Encoding.UTF8.GetBytes(Record("b", 3)), Cancellation));
        Assert.Equal([Record("a", 1), Record("b", 2)], await ReadAsync(log, "verdicts"));
    }

    [Fact]
    public async Task SetMarkAsync_ThatCannotBeWritten_LeavesNothing()
    {
        Directory.CreateDirectory(_folder.Combine("review.mark"));
        await using var log = await OpenAsync();

        var exception = await Assert.ThrowsAsync<FeatureException>(() => log.SetMarkAsync("review", "mark", Cancellation));

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Equal([_folder.Combine("review.mark")], Directory.GetFileSystemEntries(_folder.Path));
        Assert.Equal(FeatureError.StoreUnavailable, (await Assert.ThrowsAsync<FeatureException>(() => log.FindMarkAsync("review", Cancellation))).Error);
    }

    protected override Task<IKeyedLog> OpenAsync() => Task.FromResult<IKeyedLog>(new FolderKeyedLog(_folder.Path));
}

using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

public sealed class FolderKeyedLogTests : KeyedLogContract, IDisposable
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

    protected override Task<IKeyedLog> OpenAsync() => Task.FromResult<IKeyedLog>(new FolderKeyedLog(_folder.Path));
}

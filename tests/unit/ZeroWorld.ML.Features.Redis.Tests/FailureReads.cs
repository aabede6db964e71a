namespace ZeroWorld.ML.Features.Redis.Tests;

/// <summary>Reads of rows from a store whose servers are ill, and waiting for what becomes of them.</summary>
internal static class FailureReads
{
    /// <summary>What a call may take beyond its timeout on a busy machine.</summary>
    public static readonly TimeSpan Slack = TimeSpan.FromSeconds(8);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<OnlineRead> ReadAsync(RedisOnlineStore store) => (await ReadAllAsync(store, [TestViews.Id(1)]))[0];

    public static async Task<List<OnlineRead>> ReadAllAsync(RedisOnlineStore store, List<EntityId> customers)
    {
        var reads = customers.ConvertAll(static customer => new OnlineRead(customer, [TestViews.Profile]));
        await store.ReadAsync(reads, Cancellation);
        return reads;
    }

    public static async Task WaitUntilAnsweredAsync(RedisOnlineStore store)
    {
        while ((await ReadAsync(store)).State != OnlineReadState.Answered)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
        }
    }

    public static Task WaitUntilAsync(Func<bool> condition) => WaitUntilAsync(() => Task.FromResult(condition()));

    public static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), Cancellation);
        }
    }
}

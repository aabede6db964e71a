namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class LightGbmThreadsTests
{
    [Fact]
    public void Run_SeveralThreadsFromWhereverItIsCalled_MakesTheCallFromOneThread()
    {
        var callers = new HashSet<int>();
        for (var index = 0; index < 4; index++)
        {
            var thread = new Thread(() =>
            {
                lock (callers)
                {
                    callers.Add(LightGbmThreads.Run(2, static () => Environment.CurrentManagedThreadId));
                }
            });
            thread.Start();
            thread.Join();
        }

        Assert.NotEqual(Environment.CurrentManagedThreadId, Assert.Single(callers));
    }

    [Fact]
    public void Run_OneThread_MakesTheCallFromItsCaller() =>
        Assert.Equal(Environment.CurrentManagedThreadId, LightGbmThreads.Run(1, static () => Environment.CurrentManagedThreadId));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_CallThatFails_ThrowsWhatItThrewAndTheNextOneRuns(int threads)
    {
        var failure = Assert.Throws<InvalidOperationException>(() => LightGbmThreads.Run<int>(threads, static () => throw new InvalidOperationException("no such row")));

        Assert.Equal("no such row", failure.Message);
        Assert.Equal(7, LightGbmThreads.Run(threads, static () => 7));
    }

    [Fact]
    public void Run_CallThatIsCancelled_ThrowsThat() =>
        Assert.Throws<OperationCanceledException>(() => LightGbmThreads.Run<int>(2, static () => throw new OperationCanceledException()));
}

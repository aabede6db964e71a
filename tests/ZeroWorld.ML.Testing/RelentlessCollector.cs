namespace ZeroWorld.ML.Testing;

/// <summary>Collects and finalizes without a pause until it is disposed: what native code still uses but nothing managed holds is freed under it.</summary>
public sealed class RelentlessCollector : IDisposable
{
    private readonly Thread _thread;
    private volatile bool _isDone;

    /// <summary>Starts it.</summary>
    public RelentlessCollector()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "collector of a test" };
        _thread.Start();
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        _isDone = true;
        _thread.Join();
    }

    private void Run()
    {
        while (!_isDone)
        {
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
            GC.WaitForPendingFinalizers();
        }
    }
}

using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>Loads one after another, on a thread that outlives what native code does to it.</summary>
/// <remarks>
/// What libtorch throws when the code of a TorchScript file does not parse (<c>torch::jit::ErrorReport</c>) is no exception that TorchSharp catches: it reaches the border to managed code, and C++ then
/// ends the process by <c>std::terminate</c>. A file must not end a server, so that on Linux a terminate handler looks whether it is called on the thread that loads models. There is nothing to return
/// to, but the thread can go on from where it is: it tells the caller of that load, and takes the next one. On every other thread the handler before it is called.
/// <para>Each such load leaves its frames on the stack. After <see cref="NestingMax"/> of them the thread stays where it is for ever, and another one takes over.</para>
/// </remarks>
internal static unsafe partial class TorchLoadThread
{
    private const int NestingMax = 64;

    // 64 abandoned loads, each with the frames of a parser in it, and one that works.
    private const int StackBytes = 32 << 20;

    // Bounded by those who load: each waits for its own.
    private static readonly BlockingCollection<Load> Waiting = [];
    private static readonly Lock InstallLock = new();
    private static bool _isInstalled;
    private static delegate* unmanaged[Cdecl]<void> _previous;

    [ThreadStatic]
    private static Load? _current;

    [ThreadStatic]
    private static int _nesting;

    /// <returns>What <paramref name="load"/> gave.</returns>
    /// <exception cref="InvalidOperationException">Native code gave up on what it should load.</exception>
    public static T Run<T>(Func<T> load)
        where T : class
    {
        Install();
        var mine = new Load(load);
        Waiting.Add(mine);
        return (T)mine.Wait();
    }

    private static void Install()
    {
        lock (InstallLock)
        {
            if (_isInstalled)
            {
                return;
            }

            if (OperatingSystem.IsLinux())
            {
                _previous = SetTerminate(&OnTerminate);
            }

            StartThread();
            _isInstalled = true;
        }
    }

    private static void StartThread() => new Thread(Serve, StackBytes) { IsBackground = true, Name = "torch load" }.UnsafeStart();

    private static void Serve()
    {
        foreach (var load in Waiting.GetConsumingEnumerable())
        {
            _current = load;
            load.Run();
            _current = null;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnTerminate()
    {
        if (_current is { } load)
        {
            _current = null;
            load.Fail(new InvalidOperationException("libtorch cannot read the code in it."));
            if (++_nesting < NestingMax)
            {
                Serve();
            }

            StartThread();
            new ManualResetEvent(false).WaitOne();
        }

        _previous();
    }

    /// <summary>std::set_terminate.</summary>
    [LibraryImport("libstdc++.so.6", EntryPoint = "_ZSt13set_terminatePFvvE")]
    private static partial delegate* unmanaged[Cdecl]<void> SetTerminate(delegate* unmanaged[Cdecl]<void> handler);

    private sealed class Load(Func<object> body)
    {
        private readonly object _lock = new();
        private object? _result;
        private Exception? _failure;

        public object Wait()
        {
            lock (_lock)
            {
                while (_result is null && _failure is null)
                {
                    Monitor.Wait(_lock);
                }

                return _result ?? throw _failure!;
            }
        }

        public void Run()
        {
            object? result = null;
            try
            {
                result = body();
            }
#pragma warning disable CA1031 // The edge of the thread: everything goes to the caller.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Fail(exception);
                return;
            }

            lock (_lock)
            {
                _result = result;
                Monitor.Pulse(_lock);
            }
        }

        public void Fail(Exception exception)
        {
            lock (_lock)
            {
                _failure = exception;
                Monitor.Pulse(_lock);
            }
        }
    }
}

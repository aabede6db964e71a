using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>Loads on threads that may be lost.</summary>
/// <remarks>
/// What libtorch throws when the code of a TorchScript file does not parse (<c>torch::jit::ErrorReport</c>) is no exception that TorchSharp catches: it reaches the border to managed code, and C++ then
/// ends the process by <c>std::terminate</c>. A file must not end a server, so that on Linux a terminate handler looks whether it is called on a thread that loads a model: that thread then tells its caller
/// and stays where it is for ever, since there is nothing to return to. On every other thread the handler before it is called.
/// </remarks>
internal static unsafe partial class TorchLoadThread
{
    private static readonly Lock InstallLock = new();
    private static bool _isInstalled;
    private static delegate* unmanaged[Cdecl]<void> _previous;

    [ThreadStatic]
    private static TaskCompletionSource? _terminated;

    /// <returns>What <paramref name="load"/> gave.</returns>
    /// <exception cref="InvalidOperationException">Native code gave up on what it should load.</exception>
    public static T Run<T>(Func<T> load)
    {
        Install();
        var terminated = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            _terminated = terminated;
            try
            {
                result.SetResult(load());
            }
#pragma warning disable CA1031 // The edge of the thread: everything goes to the caller.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                result.SetException(exception);
            }
        })
        {
            IsBackground = true,
            Name = "torch load",
        };
        thread.Start();
        WaitHandle.WaitAny([((IAsyncResult)terminated.Task).AsyncWaitHandle, ((IAsyncResult)result.Task).AsyncWaitHandle]);
        return result.Task.IsCompleted ? result.Task.GetAwaiter().GetResult() : throw new InvalidOperationException("libtorch cannot read the code in it.");
    }

    private static void Install()
    {
        lock (InstallLock)
        {
            if (!_isInstalled && OperatingSystem.IsLinux())
            {
                _previous = SetTerminate(&OnTerminate);
            }

            _isInstalled = true;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnTerminate()
    {
        if (_terminated is { } terminated)
        {
            terminated.TrySetResult();
            new ManualResetEvent(false).WaitOne();
        }

        _previous();
    }

    /// <summary>std::set_terminate.</summary>
    [LibraryImport("libstdc++.so.6", EntryPoint = "_ZSt13set_terminatePFvvE")]
    private static partial delegate* unmanaged[Cdecl]<void> SetTerminate(delegate* unmanaged[Cdecl]<void> handler);
}

namespace ZeroWorld.ML.Serving;

/// <summary>A request's hold on a <see cref="Serving.Servable"/>: while it lasts, the servable is not freed.</summary>
/// <remarks>Disposed by whoever acquired it, once; further calls do nothing.</remarks>
public sealed class ServableLease : IDisposable
{
    private Servable? _held;

    internal ServableLease(Servable servable)
    {
        Servable = servable;
        _held = servable;
    }

    public Servable Servable { get; }

    public void Dispose() => Interlocked.Exchange(ref _held, null)?.Release();
}

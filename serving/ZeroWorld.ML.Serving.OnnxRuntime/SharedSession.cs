using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>A session that several instances run, each one call at a time: the engine allows calls at the same time, and the weights are there once. Freed with its last holder.</summary>
internal sealed class SharedSession(InferenceSession session)
{
    private int _holders;

    public InferenceSession Session => session;

    public SharedSession Hold()
    {
        Interlocked.Increment(ref _holders);
        return this;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            session.Dispose();
        }
    }
}

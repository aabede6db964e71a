using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>A loaded model that several instances run, each one call at a time: the engine allows calls at the same time, and the weights are there once. Freed with its last holder.</summary>
/// <remarks>
/// On a GPU a convolution makes its plan anew whenever its shape is not that of the run before, in tens of milliseconds for a whole network. So a model of convolutions whose runs are brought to a few
/// sizes has a session for each of them: none ever meets another shape.
/// </remarks>
/// <param name="sessions">One or more.</param>
/// <param name="rows">Rows of the runs of each session; empty where there is only one, for all.</param>
internal sealed class SharedSession(InferenceSession[] sessions, int[] rows)
{
    private int _holders;

    public IReadOnlyList<InferenceSession> Sessions => sessions;

    /// <returns>The session for runs of this size; the last one's for a size that none was made for.</returns>
    public InferenceSession Find(ReadOnlySpan<TensorBuffer> inputs)
    {
        if (rows.Length == 0 || inputs.Length == 0)
        {
            return sessions[0];
        }

        var index = Array.IndexOf(rows, inputs[0].Rows);
        return sessions[index < 0 ? ^1 : index];
    }

    public SharedSession Hold()
    {
        Interlocked.Increment(ref _holders);
        return this;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            Array.ForEach(sessions, static session => session.Dispose());
        }
    }
}

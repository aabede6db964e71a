namespace ZeroWorld.ML.Serving;

/// <summary>What one request got out of a run that it may have shared, and where it stood in it.</summary>
/// <remarks>
/// Engines add in another order in runs of another size, so the last bits of a row depend on the size of its run and on its place: a replay runs it likewise.
/// </remarks>
/// <param name="Tensors">One per output of the signature: this request's rows.</param>
/// <param name="BatchRows">Rows of the whole run.</param>
/// <param name="Start">Place of this request's first row in it.</param>
/// <param name="Times">Where the time went.</param>
/// <param name="Memory">Where they lie; whoever is done with the tensors may let go of it, once.</param>
internal readonly record struct BatchOutputs(TensorBuffer[] Tensors, int BatchRows, int Start, RunTimes Times = default, BatchMemory? Memory = null)
{
    /// <summary>Whether no run was made for this request: it is the answer to an equal one.</summary>
    public bool IsCached { get; init; }
}

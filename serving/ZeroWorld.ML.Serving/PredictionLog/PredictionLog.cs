namespace ZeroWorld.ML.Serving;

/// <summary>Writes predictions to files, off the path of the requests (docs/formats/prediction-log.md).</summary>
/// <remarks>Thread safe.</remarks>
public sealed class PredictionLog : IAsyncDisposable
{
    /// <summary>Rows that the queue could not take since the start.</summary>
    public long DroppedRows => throw new NotImplementedException();

    /// <summary>Writes what was logged until now to files.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Takes no more rows, and writes those it has.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

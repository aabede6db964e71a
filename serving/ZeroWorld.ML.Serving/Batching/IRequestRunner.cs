namespace ZeroWorld.ML.Serving;

/// <summary>Answers the requests of one loaded model.</summary>
/// <remarks>Thread safe.</remarks>
internal interface IRequestRunner : IAsyncDisposable
{
    /// <summary>Rows of the largest request.</summary>
    int RowsMax { get; }

    /// <summary>What it has done.</summary>
    ServableStatistics Statistics { get; }

    /// <summary>Moving average of one run; zero before the first.</summary>
    TimeSpan AverageRun { get; }

    /// <summary>Requests that wait.</summary>
    int QueuedTasks { get; }

    /// <inheritdoc cref="BatchScheduler.RunAsync"/>
    ValueTask<BatchOutputs> RunAsync(TensorBuffer[] inputs, int rows, in RequestUrgency urgency, CancellationToken cancellationToken);
}

namespace ZeroWorld.ML.Client;

/// <summary>How an <see cref="InferenceBatcher"/> joins calls.</summary>
public sealed class InferenceBatcherOptions
{
    /// <summary>Rows of the largest call that is sent.</summary>
    /// <value>Default 32. The server's model takes a largest batch, too.</value>
    public int RowsMax { get; set; } = 32;

    /// <summary>How long the first call may wait for others while fewer than <see cref="CallsInFlightMax"/> are on their way.</summary>
    /// <value>Default 1 ms; zero: calls are joined only while others are on their way.</value>
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Joined calls on their way at once; what comes then waits for one to return, and is joined meanwhile.</summary>
    /// <value>Default 4.</value>
    public int CallsInFlightMax { get; set; } = 4;

    /// <summary>Calls that may wait; further ones are refused with RESOURCE_EXHAUSTED.</summary>
    /// <value>Default 4,096.</value>
    public int WaitingMax { get; set; } = 4096;

    /// <exception cref="ArgumentException">A value that is out of its range.</exception>
    internal void Check()
    {
        if (RowsMax < 1 || CallsInFlightMax < 1 || WaitingMax < 1 || Delay < TimeSpan.Zero || Delay > TimeSpan.FromSeconds(10))
        {
            throw new ArgumentException($"RowsMax ({RowsMax}), CallsInFlightMax ({CallsInFlightMax}) and WaitingMax ({WaitingMax}) must be 1 or more, Delay ({Delay}) 0 to 10 s.");
        }
    }
}

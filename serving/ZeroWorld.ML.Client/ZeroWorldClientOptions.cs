namespace ZeroWorld.ML.Client;

/// <summary>How a <see cref="ZeroWorldClient"/> calls its server.</summary>
public sealed class ZeroWorldClientOptions
{
    /// <summary>How long a call may take before it ends with DEADLINE_EXCEEDED. The server stops working on it then.</summary>
    /// <value>Default 10 seconds; <see cref="Timeout.InfiniteTimeSpan"/> for none.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Largest message to send or receive, in bytes. gRPC's own default for receiving is 4 MiB, which large tensors exceed.</summary>
    /// <value>Default 64 MiB, the server's own limit.</value>
    public int MessageBytesMax { get; set; } = 64 * 1024 * 1024;

    /// <summary>The clock that deadlines are set by.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
}

namespace ZeroWorld.ML.Hosting;

/// <summary>The process that writes in a data directory.</summary>
/// <param name="ProcessId">0 when it is not known.</param>
/// <param name="GrpcAddress">Where it answers, once it does: <c>http://127.0.0.1:8001</c>.</param>
public sealed record DataDirectoryWriter(int ProcessId, string? GrpcAddress);

namespace ZeroWorld.ML.Hosting;

/// <summary>A request that REST itself refuses; the message is for the caller.</summary>
internal sealed class RestFailure(int statusCode, string message) : Exception(message)
{
    public int StatusCode { get; } = statusCode;
}

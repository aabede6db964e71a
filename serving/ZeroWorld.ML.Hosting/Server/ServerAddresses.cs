namespace ZeroWorld.ML.Hosting;

/// <summary>Where a running server answers.</summary>
/// <param name="Http">REST: <c>http://127.0.0.1:8000</c>, <c>https:</c> with TLS, as that of gRPC.</param>
/// <param name="Grpc">gRPC, HTTP/2: <c>http://127.0.0.1:8001</c>.</param>
/// <param name="Metrics">Prometheus under <c>/metrics</c>: <c>http://127.0.0.1:8002</c>.</param>
public sealed record ServerAddresses(Uri Http, Uri Grpc, Uri Metrics)
{
    /// <summary>Scheme, host and port, without the '/' that a <see cref="Uri"/> adds.</summary>
    public static string Show(Uri address) => address.GetLeftPart(UriPartial.Authority);
}

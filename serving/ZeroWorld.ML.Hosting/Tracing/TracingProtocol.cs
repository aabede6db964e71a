namespace ZeroWorld.ML.Hosting;

/// <summary>How traces are sent to a collector.</summary>
public enum TracingProtocol
{
    /// <summary>OTLP over gRPC.</summary>
    Grpc,

    /// <summary>OTLP as protobuf over HTTP.</summary>
    Http,
}

using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Hosting;

/// <summary>Whether and where traces of requests are sent.</summary>
public sealed class TracingOptions : IValidatableObject
{
    public const string Section = "Tracing";

    /// <summary>Where an OpenTelemetry collector takes traces: <c>http://127.0.0.1:4317</c> for gRPC, <c>http://127.0.0.1:4318/v1/traces</c> for HTTP.</summary>
    /// <value>Default none: nothing is traced.</value>
    public string? Endpoint { get; set; }

    /// <summary>How it takes them.</summary>
    /// <value>Default <see cref="TracingProtocol.Grpc"/>.</value>
    public TracingProtocol Protocol { get; set; } = TracingProtocol.Grpc;

    /// <summary>Whether requests are traced from the start on; callers may change it while the server runs (TraceSetting).</summary>
    /// <value>Default true, where there is an endpoint.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>One request in this many is traced. A request whose caller has a trace is traced when the caller's is recorded, whatever this says.</summary>
    /// <value>Default 1,000.</value>
    [Range(1, int.MaxValue)]
    public int Rate { get; set; } = 1000;

    /// <summary>How many requests are traced in all.</summary>
    /// <value>Default -1: without end.</value>
    [Range(typeof(long), "-1", "9223372036854775807")]
    public long Count { get; set; } = -1;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Endpoint is { Length: > 0 } && !(Uri.TryCreate(Endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            yield return new ValidationResult($"'{Endpoint}' is no address of a collector; expected one such as http://127.0.0.1:4317.", [nameof(Endpoint)]);
        }
    }
}

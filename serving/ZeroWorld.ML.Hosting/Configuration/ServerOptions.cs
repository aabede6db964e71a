using System.ComponentModel.DataAnnotations;
using System.Net;

namespace ZeroWorld.ML.Hosting;

/// <summary>Addresses and limits of the server.</summary>
public sealed class ServerOptions : IValidatableObject
{
    public const string Section = "Server";

    /// <summary>The address to listen on: an IP address, or <c>localhost</c>.</summary>
    /// <value>Default 127.0.0.1: this machine only. In a container: 0.0.0.0.</value>
    [Required]
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>Port of REST.</summary>
    /// <value>Default 8000; 0 takes a free one.</value>
    [Range(0, 65535)]
    public int HttpPort { get; set; } = 8000;

    /// <summary>Port of gRPC.</summary>
    /// <value>Default 8001; 0 takes a free one.</value>
    [Range(0, 65535)]
    public int GrpcPort { get; set; } = 8001;

    /// <summary>Port of the metrics.</summary>
    /// <value>Default 8002; 0 takes a free one.</value>
    [Range(0, 65535)]
    public int MetricsPort { get; set; } = 8002;

    /// <summary>PEM file of the certificate with which REST and gRPC answer, those of its authorities behind it; read again when it changes.</summary>
    /// <value>Default <see langword="null"/>: without TLS. Metrics are without it always.</value>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file of its key, not encrypted.</summary>
    public string? CertificateKeyFile { get; set; }

    /// <summary>PEM file of the authorities of which clients must have a certificate.</summary>
    /// <value>Default <see langword="null"/>: clients need none.</value>
    public string? ClientAuthorityFile { get; set; }

    /// <summary>File of lines <c>API,API:HEADER=VALUE</c>: those calls are answered only with that header.</summary>
    /// <value>Default <see langword="null"/>: nothing is restricted.</value>
    public string? RestrictedFile { get; set; }

    /// <summary>Largest message in bytes, in and out, gRPC and REST.</summary>
    /// <value>Default 64 MiB.</value>
    [Range(1024, int.MaxValue)]
    public int MessageBytesMax { get; set; } = 64 * 1024 * 1024;

    /// <summary>Largest model package that may be registered through the server, all files together, in bytes.</summary>
    /// <value>Default 4 GiB.</value>
    [Range(typeof(long), "1", "9223372036854775807")]
    public long PackageBytesMax { get; set; } = 4L << 30;

    /// <summary>Calls in flight on one HTTP/2 connection; further ones wait in the client.</summary>
    /// <value>Default 1,024.</value>
    [Range(1, 65536)]
    public int StreamsPerConnectionMax { get; set; } = 1024;

    /// <summary>Open connections, all ports together; further ones are refused.</summary>
    /// <value>Default 4,096.</value>
    [Range(1, 1_000_000)]
    public int ConnectionsMax { get; set; } = 4096;

    /// <summary>Requests of one ModelStreamInfer that are worked on at once; further ones are not read yet.</summary>
    /// <value>Default 32.</value>
    [Range(1, 4096)]
    public int StreamRequestsInFlightMax { get; set; } = 32;

    /// <summary>The name that server metadata says.</summary>
    /// <value>Default <c>zeroworld</c>. Some examples of Triton's clients insist on <c>triton</c>.</value>
    [Required]
    public string Name { get; set; } = "zeroworld";

    /// <summary>How the log is written to the standard error stream.</summary>
    /// <value>Default <see cref="LogFormat.Text"/>.</value>
    public LogFormat LogFormat { get; set; }

    /// <summary>Whether clients on this machine may pass tensors through POSIX shared memory.</summary>
    /// <value>Default false: whoever may call the server could read and write every shared memory object that its user may.</value>
    public bool SharedMemory { get; set; }

    /// <summary>Largest region of shared memory that may be registered, in bytes.</summary>
    /// <value>Default 1 GiB.</value>
    [Range(typeof(long), "1", "9223372036854775807")]
    public long SharedMemoryBytesMax { get; set; } = 1L << 30;

    /// <summary>Regions of shared memory that may be registered at once.</summary>
    /// <value>Default 1,024.</value>
    [Range(1, 65536)]
    public int SharedMemoryRegionsMax { get; set; } = 1024;

    /// <summary>How long a stop waits for the requests that were accepted.</summary>
    /// <value>Default 10 s; 0 to 10 min.</value>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a process that is asked to end goes on before it stops: it answers as before, and says that it is live and not ready, so that balancers send elsewhere.</summary>
    /// <value>Default 0; 0 to 10 min.</value>
    public TimeSpan StopDelay { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Host != "localhost" && !IPAddress.TryParse(Host, out _))
        {
            yield return new ValidationResult($"'{Host}' is no address; expected an IP address or 'localhost'.", [nameof(Host)]);
        }

        if (ShutdownTimeout < TimeSpan.Zero || ShutdownTimeout > TimeSpan.FromMinutes(10))
        {
            yield return new ValidationResult($"{ShutdownTimeout} is out of range; expected 0 to 10 minutes.", [nameof(ShutdownTimeout)]);
        }

        if (StopDelay < TimeSpan.Zero || StopDelay > TimeSpan.FromMinutes(10))
        {
            yield return new ValidationResult($"{StopDelay} is out of range; expected 0 to 10 minutes.", [nameof(StopDelay)]);
        }

        if (string.IsNullOrEmpty(CertificateFile) != string.IsNullOrEmpty(CertificateKeyFile))
        {
            yield return new ValidationResult("one of the certificate and its key is given; expected both or none.", [nameof(CertificateFile), nameof(CertificateKeyFile)]);
        }

        if (!string.IsNullOrEmpty(ClientAuthorityFile) && string.IsNullOrEmpty(CertificateFile))
        {
            yield return new ValidationResult($"clients cannot be asked for a certificate without TLS; set {Section}:{nameof(CertificateFile)}.", [nameof(ClientAuthorityFile)]);
        }

        int[] ports = [HttpPort, GrpcPort, MetricsPort];
        if (ports.Where(static port => port != 0).GroupBy(static port => port).FirstOrDefault(static group => group.Count() > 1) is { } twice)
        {
            yield return new ValidationResult($"port {twice.Key} is given to two of them; expected three ports.", [nameof(HttpPort), nameof(GrpcPort), nameof(MetricsPort)]);
        }
    }

    /// <summary>The headers with which every call of this server is answered; one of them more than once where it has several values.</summary>
    /// <exception cref="HostingException"><see cref="RestrictedFile"/> is not there, or a line of it is none.</exception>
    public IReadOnlyList<KeyValuePair<string, string>> ReadHeaders() => RestrictedCalls.Read(RestrictedFile).Headers;

    internal IPAddress Address => Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(Host);
}

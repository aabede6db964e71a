namespace ZeroWorld.ML.Client;

/// <summary>How a <see cref="ZeroWorldClient"/> calls its servers.</summary>
public sealed class ZeroWorldClientOptions
{
    /// <summary>How long a call may take before it ends with DEADLINE_EXCEEDED, retries included. The server stops working on it then.</summary>
    /// <value>Default 10 seconds; <see cref="Timeout.InfiniteTimeSpan"/> for none.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Largest message to send or receive, in bytes. gRPC's own default for receiving is 4 MiB, which large tensors exceed.</summary>
    /// <value>Default 64 MiB, the server's own limit.</value>
    public int MessageBytesMax { get; set; } = 64 * 1024 * 1024;

    /// <summary>How often a call is made again that fails because its server is not there (UNAVAILABLE), or has no room while there is another one (RESOURCE_EXHAUSTED).</summary>
    /// <remarks>
    /// Only calls that change nothing: inference, predictions, reads. A prediction that was made and whose answer was lost is then in the server's log twice. Retries are a small part of all calls:
    /// after ten in a row that failed there are none until others succeed.
    /// </remarks>
    /// <value>Default 2; 0: never.</value>
    public int RetriesMax { get; set; } = 2;

    /// <summary>How often each of several servers is asked whether it is ready; one that is not gets no calls while another one is.</summary>
    /// <value>Default 1 second. More than 0.</value>
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>PEM file of the authorities that signed the servers' certificates, for addresses with <c>https:</c>.</summary>
    /// <value>Default <see langword="null"/>: those that this machine trusts.</value>
    public string? AuthorityFile { get; set; }

    /// <summary>PEM file of this client's certificate, for servers that ask for one; with <see cref="ClientKeyFile"/>.</summary>
    public string? ClientCertificateFile { get; set; }

    /// <summary>PEM file of its key, not encrypted.</summary>
    public string? ClientKeyFile { get; set; }

    /// <summary>The name that the servers' certificates are for, where it is not the address that is called, such as one inside a cluster.</summary>
    /// <value>Default <see langword="null"/>: the host of the address.</value>
    public string? ServerName { get; set; }

    /// <summary>Headers of every call, for servers that restrict some of theirs: names in small letters, and values, of which one name may have several.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyCollection<KeyValuePair<string, string>> Headers { get; set; } = [];

    /// <summary>The clock that deadlines are set by.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
}

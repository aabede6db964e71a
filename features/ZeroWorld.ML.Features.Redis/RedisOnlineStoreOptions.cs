using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Where the online store is, and the limits of its use.</summary>
public sealed class RedisOnlineStoreOptions : IValidatableObject
{
    public const string Section = "Features:Redis";

    /// <summary>
    /// Addresses and settings as StackExchange.Redis writes them: <c>HOST:PORT,HOST:PORT,user=...,password=...,ssl=true</c>. Of a cluster any nodes; with
    /// <c>serviceName=NAME</c> the addresses are those of Sentinels, and the primary that they name is followed.
    /// </summary>
    /// <value>Default <c>127.0.0.1:6379</c>.</value>
    [Required]
    public string Configuration { get; set; } = "127.0.0.1:6379";

    /// <summary>A file whose first line is the password, so that it stands in no setting.</summary>
    /// <value>Default: none; the password, where there is one, is in <see cref="Configuration"/>.</value>
    public string? PasswordFile { get; set; }

    /// <summary>PEM file of the authority that signed the servers' certificates, for <c>ssl=true</c> with an authority of one's own.</summary>
    /// <value>Default: none; the system's authorities are trusted.</value>
    public string? CertificateAuthorityFile { get; set; }

    /// <summary>PEM file of this client's certificate, for servers that ask for one.</summary>
    /// <value>Default: none.</value>
    public string? ClientCertificateFile { get; set; }

    /// <summary>PEM file of the key of <see cref="ClientCertificateFile"/>.</summary>
    /// <value>Default: none; the key is in the file of the certificate.</value>
    public string? ClientKeyFile { get; set; }

    /// <summary>The longest wait for a connection.</summary>
    /// <value>Default 5 s, 10 ms to 5 minutes.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest that a multi-get may take; reads without an answer by then are unavailable.</summary>
    /// <value>Default 100 ms, 1 ms to 5 minutes. The caller's feature timeout is usually shorter.</value>
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest that one write may take.</summary>
    /// <value>Default 10 s, 10 ms to 5 minutes.</value>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause between attempts to reconnect.</summary>
    /// <value>Default 250 ms, 50 ms to 1 minute.</value>
    public TimeSpan ReconnectInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Writes of one call that may be unanswered at once.</summary>
    /// <value>Default 1024.</value>
    [Range(1, 65536)]
    public int WritesInFlightMax { get; set; } = 1024;

    /// <summary>Bytes of one call's unanswered writes; one write may pass it alone.</summary>
    /// <value>Default 8 MiB.</value>
    [Range(1, int.MaxValue)]
    public int WriteBytesInFlightMax { get; set; } = 8 << 20;

    /// <summary>Asked before writes: why the server should not be given any, as a whole sentence.</summary>
    internal Func<string?>? FindRefusal { get; set; }

    /// <summary>Has the server start, where that is still to be done before the first connection.</summary>
    internal Func<Task>? StartServer { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (FindConfigurationFault() is { } fault)
        {
            yield return new ValidationResult(fault, [nameof(Configuration)]);
        }

        (string Name, string? Path)[] files =
        [
            (nameof(PasswordFile), PasswordFile),
            (nameof(CertificateAuthorityFile), CertificateAuthorityFile),
            (nameof(ClientCertificateFile), ClientCertificateFile),
            (nameof(ClientKeyFile), ClientKeyFile),
        ];
        foreach (var (name, path) in files)
        {
            if (path is not null && !File.Exists(path))
            {
                yield return new ValidationResult($"{name} is '{path}'; expected a file that is there.", [name]);
            }
        }

        (string Name, TimeSpan Value, TimeSpan Min, TimeSpan Max)[] spans =
        [
            (nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5)),
            (nameof(ReadTimeout), ReadTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(5)),
            (nameof(WriteTimeout), WriteTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5)),
            (nameof(ReconnectInterval), ReconnectInterval, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(1)),
        ];
        foreach (var (name, value, min, max) in spans)
        {
            if (value < min || value > max)
            {
                yield return new ValidationResult($"{name} is {value}; expected {min} to {max}.", [name]);
            }
        }
    }

    /// <summary>The client's settings. A lost server must cost nothing: nothing queues for it, and the client reconnects by itself.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a file of a password, certificate or key cannot be read.</exception>
    internal ConfigurationOptions ToClientOptions()
    {
        var client = ConfigurationOptions.Parse(Configuration);
        ReadFiles(client);
        client.AbortOnConnectFail = false;
        client.BacklogPolicy = BacklogPolicy.FailFast;
        client.ConnectTimeout = (int)ConnectTimeout.TotalMilliseconds;
        client.AsyncTimeout = (int)WriteTimeout.TotalMilliseconds;
        client.ReconnectRetryPolicy = new LinearRetry((int)ReconnectInterval.TotalMilliseconds);

        // Reconnects and timeouts are looked after by the heartbeat.
        client.HeartbeatInterval = ReconnectInterval;
        client.IncludeDetailInExceptions = false;
        client.ResponseBufferPool = ReadBufferPool.Instance;

        // Only to read CONFIG in the check of the servers.
        client.AllowAdmin = true;
        client.ClientName ??= "zeroworld";

        // No election of a primary by keys and no configuration broadcast: both write to or listen on the server for nothing.
        client.TieBreaker = "";
        client.ConfigurationChannel = "";
        return client;
    }

    private void ReadFiles(ConfigurationOptions client)
    {
        try
        {
            if (PasswordFile is not null)
            {
                client.Password = File.ReadLines(PasswordFile).FirstOrDefault() ?? "";
            }

            client.CertificateValidation += RedisServerCertificate.Read(CertificateAuthorityFile).Validate;

            if (ClientCertificateFile is not null)
            {
                client.SetUserPemCertificate(ClientCertificateFile, ClientKeyFile);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new FeatureException(FeatureError.InvalidInput, $"A file of the connection to the online store cannot be used: {exception.Message}", exception);
        }
    }

    private string? FindConfigurationFault()
    {
        try
        {
            return ConfigurationOptions.Parse(Configuration).EndPoints.Count == 0
                ? $"{nameof(Configuration)} names no address; expected HOST:PORT, several joined with commas."
                : null;
        }
        catch (ArgumentException exception)
        {
            return $"{nameof(Configuration)}: {exception.Message}; expected HOST:PORT, several joined with commas.";
        }
    }
}

[OptionsValidator]
internal sealed partial class RedisOnlineStoreOptionsValidator : IValidateOptions<RedisOnlineStoreOptions>;

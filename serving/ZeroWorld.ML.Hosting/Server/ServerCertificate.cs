using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Hosting;

/// <summary>The certificate with which REST and gRPC answer, read again when its files change: whoever renews it restarts nothing.</summary>
/// <remarks>Thread safe. Connections keep the certificate that they began with.</remarks>
internal sealed class ServerCertificate
{
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(10);
    private readonly ServerOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private Loaded _loaded;
    private long _lookedTimestamp;

    /// <exception cref="HostingException">A file is not there, or holds no certificate, no key, or a key of another certificate.</exception>
    public ServerCertificate(ServerOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _loaded = Load(ReadTexts());
        _lookedTimestamp = time.GetTimestamp();
    }

    /// <summary>Where a certificate that cannot be read is told; <see langword="null"/> until there is somewhere.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>What one connection is offered.</summary>
    /// <param name="protocol">The only one that its port speaks.</param>
    public SslServerAuthenticationOptions ToOptions(SslApplicationProtocol protocol)
    {
        var loaded = GetLoaded();
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = loaded.Context,
            ApplicationProtocols = [protocol],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = loaded.Authorities is not null,
            CertificateChainPolicy = loaded.Authorities is null ? null : ToPolicy(loaded.Authorities),
        };
    }

    private static X509ChainPolicy ToPolicy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private Loaded GetLoaded()
    {
        lock (_lock)
        {
            if (_time.GetElapsedTime(_lookedTimestamp) < LookAgainAfter)
            {
                return _loaded;
            }

            _lookedTimestamp = _time.GetTimestamp();
            try
            {
                // By what they hold: a time of writing says nothing where a link above them was moved to other files.
                var texts = ReadTexts();
                if (texts != _loaded.Texts)
                {
                    _loaded = Load(texts);
                }
            }
            catch (HostingException exception)
            {
                // Half of a renewal, perhaps: what there is goes on, and the files are looked at again.
                if (Logger is not null)
                {
                    HostingLog.CertificateKept(Logger, exception.Message);
                }
            }

            return _loaded;
        }
    }

    private PemTexts ReadTexts() => new(
        ReadText(nameof(ServerOptions.CertificateFile), _options.CertificateFile!), ReadText(nameof(ServerOptions.CertificateKeyFile), _options.CertificateKeyFile!),
        _options.ClientAuthorityFile is { Length: > 0 } authority ? ReadText(nameof(ServerOptions.ClientAuthorityFile), authority) : null);

    private Loaded Load(PemTexts texts)
    {
        var (file, key) = (_options.CertificateFile!, _options.CertificateKeyFile!);
        var chain = Parse(nameof(ServerOptions.CertificateFile), file, texts.Certificate);
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPem(texts.Certificate, texts.Key);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw Refuse(nameof(ServerOptions.CertificateKeyFile), key, $"holds no unencrypted PEM key of the first certificate of '{file}'", exception);
        }

        chain.RemoveAt(0);
        var authorities = texts.Authorities is { } text ? Parse(nameof(ServerOptions.ClientAuthorityFile), _options.ClientAuthorityFile!, text) : null;
        return new Loaded(SslStreamCertificateContext.Create(certificate, chain, offline: true), authorities, texts);
    }

    private static X509Certificate2Collection Parse(string setting, string file, string text)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException exception)
        {
            throw Refuse(setting, file, "holds a certificate that cannot be read", exception);
        }

        return certificates.Count > 0 ? certificates : throw Refuse(setting, file, "holds no PEM certificate", null);
    }

    private static string ReadText(string setting, string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refuse(setting, file, "cannot be read", exception);
        }
    }

    private static HostingException Refuse(string setting, string file, string reason, Exception? exception) =>
        new($"The file '{file}' (setting {ServerOptions.Section}:{setting}) {reason}{(exception is IOException or UnauthorizedAccessException ? $": {exception.Message.TrimEnd('.')}" : "")}.", exception);

    private sealed record PemTexts(string Certificate, string Key, string? Authorities);

    private sealed record Loaded(SslStreamCertificateContext Context, X509Certificate2Collection? Authorities, PemTexts Texts);
}

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
        _loaded = Load();
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
            if (ReadMark() != _loaded.Mark)
            {
                try
                {
                    _loaded = Load();
                }
                catch (HostingException exception)
                {
                    // Half of a renewal, perhaps: what there is goes on, and the files are looked at again.
                    if (Logger is not null)
                    {
                        HostingLog.CertificateKept(Logger, exception.Message);
                    }
                }
            }

            return _loaded;
        }
    }

    private string ReadMark() => string.Join('|', new[] { _options.CertificateFile, _options.CertificateKeyFile, _options.ClientAuthorityFile }.OfType<string>().Select(static file => $"{File.GetLastWriteTimeUtc(file).Ticks}"));

    private Loaded Load()
    {
        // Before the files are read: what changes meanwhile is read again.
        var mark = ReadMark();
        var (file, key) = (_options.CertificateFile!, _options.CertificateKeyFile!);
        var chain = Read(nameof(ServerOptions.CertificateFile), file);
        var keyText = ReadText(nameof(ServerOptions.CertificateKeyFile), key);
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file), keyText);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw Refuse(nameof(ServerOptions.CertificateKeyFile), key, $"holds no unencrypted PEM key of the first certificate of '{file}'", exception);
        }

        chain.RemoveAt(0);
        return new Loaded(
            SslStreamCertificateContext.Create(certificate, chain, offline: true), _options.ClientAuthorityFile is { Length: > 0 } authority ? Read(nameof(ServerOptions.ClientAuthorityFile), authority) : null, mark);
    }

    private static X509Certificate2Collection Read(string setting, string file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(ReadText(setting, file));
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

    private sealed record Loaded(SslStreamCertificateContext Context, X509Certificate2Collection? Authorities, string Mark);
}

using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ZeroWorld.ML.Client;

/// <summary>Reads the certificates that <see cref="ZeroWorldClientOptions"/> names.</summary>
internal static class ClientCertificates
{
    /// <exception cref="ArgumentException">A file that is not there, or holds no certificate, or no key of it.</exception>
    public static SslClientAuthenticationOptions ToOptions(ZeroWorldClientOptions options)
    {
        var ssl = new SslClientAuthenticationOptions();
        if (options.AuthorityFile is { } authorities)
        {
            ssl.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            Read(nameof(options.AuthorityFile), authorities, () => ssl.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authorities));
            if (ssl.CertificateChainPolicy.CustomTrustStore.Count == 0)
            {
                throw new ArgumentException($"{nameof(options.AuthorityFile)} is '{authorities}', which holds no PEM certificate.", nameof(options));
            }
        }

        if ((options.ClientCertificateFile is null) != (options.ClientKeyFile is null))
        {
            throw new ArgumentException($"One of {nameof(options.ClientCertificateFile)} and {nameof(options.ClientKeyFile)} is given; expected both or none.", nameof(options));
        }

        if (options.ClientCertificateFile is { } certificate)
        {
            Read(nameof(options.ClientCertificateFile), certificate, () => ssl.ClientCertificateContext = ReadCertificate(certificate, options.ClientKeyFile!));
        }

        if (options.ServerName is { } name)
        {
            ssl.RemoteCertificateValidationCallback = (_, presented, _, errors) =>
                (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None && presented is X509Certificate2 server && server.MatchesHostname(name);
        }

        return ssl;
    }

    /// <summary>With the certificates of intermediate authorities that stand behind it: servers may know only the first.</summary>
    private static SslStreamCertificateContext ReadCertificate(string file, string keyFile)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(file);
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(file, keyFile), chain, offline: true);
    }

    private static void Read(string option, string file, Action read)
    {
        try
        {
            read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new ArgumentException($"{option} is '{file}', which cannot be used: {exception.Message}", option, exception);
        }
    }
}

using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Trusts the certificates of servers or says what is wrong with one: the platform tells all faults in the same words.</summary>
/// <remarks>Thread safe.</remarks>
/// <param name="authorities">Trusted beside those of the system.</param>
internal sealed class RedisServerCertificate(X509Certificate2Collection authorities)
{
    /// <exception cref="CryptographicException">The file holds no certificate.</exception>
    /// <param name="path">A PEM file of authorities; <see langword="null"/>: those of the system alone are trusted.</param>
    public static RedisServerCertificate Read(string? path)
    {
        var authorities = new X509Certificate2Collection();
        if (path is not null)
        {
            authorities.ImportFromPemFile(path);
            if (authorities.Count == 0)
            {
                throw new CryptographicException($"'{path}' holds no certificate in PEM.");
            }
        }

        return new RedisServerCertificate(authorities);
    }

    /// <summary>The callback of a handshake.</summary>
    /// <exception cref="UntrustedServerException">The certificate is not trusted.</exception>
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        if (certificate is not X509Certificate2 own || chain is null)
        {
            throw new UntrustedServerException("it shows no TLS certificate");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            throw new UntrustedServerException($"its TLS certificate is for {NamesOf(own)}, not for the address that was called: give one of its names with sslHost= in Online:Redis");
        }

        using var built = new X509Chain();
        built.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        built.ChainPolicy.DisableCertificateDownloads = true;

        // One that is given may be the authority itself or one between it and the server.
        built.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        built.ChainPolicy.ExtraStore.AddRange(authorities);
        built.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        var isWhole = built.Build(own);
        if (built.ChainElements.FirstOrDefault(static element => Has(element, X509ChainStatusFlags.NotTimeValid))?.Certificate is { } outdated)
        {
            var whose = outdated.Equals(own) ? "its TLS certificate" : $"the certificate of its authority '{outdated.Subject}'";
            throw new UntrustedServerException($"{whose} is valid from {TextOf(outdated.NotBefore)} until {TextOf(outdated.NotAfter)} only: renew it, or set the clock right");
        }

        if (!built.ChainElements.Any(element => IsAuthority(element.Certificate)))
        {
            throw new UntrustedServerException(
                $"its TLS certificate is not trusted: it was signed by '{own.Issuer}', "
                + (authorities.Count == 0 ? "no authority of this system" : $"and Features:Redis:CertificateAuthorityFile holds {string.Join(", ", authorities.Select(static authority => $"'{authority.Subject}'"))}")
                + ". Name the file with the certificate of that authority with Features:Redis:CertificateAuthorityFile");
        }

        return isWhole
            ? true
            : throw new UntrustedServerException($"its TLS certificate is not trusted: {string.Join(", ", built.ChainStatus.Select(static status => status.StatusInformation.Trim().TrimEnd('.')))}");
    }

    // By all their bytes: anybody can make a certificate of the same names and number.
    private bool IsAuthority(X509Certificate2 certificate) => authorities.Any(authority => authority.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span));

    private static bool Has(X509ChainElement element, X509ChainStatusFlags flag) => element.ChainElementStatus.Any(status => status.Status.HasFlag(flag));

    private static string NamesOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        string[] all = names is null ? [] : [.. names.EnumerateDnsNames(), .. names.EnumerateIPAddresses().Select(static address => address.ToString())];
        return all.Length == 0 ? $"'{certificate.Subject}'" : string.Join(", ", all.Select(static name => $"'{name}'"));
    }

    private static string TextOf(DateTime local) => local.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

/// <summary>That a server's certificate is not trusted, as the end of a sentence that begins with the server.</summary>
internal sealed class UntrustedServerException(string message) : AuthenticationException(message);

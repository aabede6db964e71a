using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ZeroWorld.ML.Testing;

/// <summary>An authority of its own, a certificate of a server on 127.0.0.1 and one of a client, as PEM files that live as long as this object.</summary>
public sealed class TestCertificates : IDisposable
{
    private readonly TempFolder _folder = new();

    public TestCertificates()
    {
        using var authorityKey = RSA.Create(2048);
        var (from, to) = (DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), DateTimeOffset.FromUnixTimeSeconds(4_000_000_000));
        using var root = RequestAuthority("CN=test authority", authorityKey).CreateSelfSigned(from, to);
        File.WriteAllText(AuthorityFile, root.ExportCertificatePem());
        WriteSigned(root, "CN=server", "server", (from, to));
        WriteSigned(root, "CN=client", "client", (from, to));
        WriteSigned(root, "CN=old server", "expired", (from, from.AddDays(1)));
        WriteSigned(root, "CN=other server", "elsewhere", (from, to), "redis.example");
        using var otherKey = RSA.Create(2048);
        using var other = RequestAuthority("CN=other authority", otherKey).CreateSelfSigned(from, to);
        File.WriteAllText(OtherAuthorityFile, other.ExportCertificatePem());
        using var intermediateKey = RSA.Create(2048);
        using var signed = RequestAuthority("CN=test intermediate", intermediateKey).Create(root, from, to, RandomNumberGenerator.GetBytes(8));
        using var intermediate = signed.CopyWithPrivateKey(intermediateKey);
        WriteSigned(intermediate, "CN=far client", "far", (from, to));
        File.AppendAllText(FarCertificateFile, $"\n{intermediate.ExportCertificatePem()}\n");
    }

    public string AuthorityFile => _folder.Combine("authority.pem");

    /// <summary>An authority that signed none of these.</summary>
    public string OtherAuthorityFile => _folder.Combine("other-authority.pem");

    public string ServerCertificateFile => _folder.Combine("server.pem");

    public string ServerKeyFile => _folder.Combine("server.key");

    public string ClientCertificateFile => _folder.Combine("client.pem");

    public string ClientKeyFile => _folder.Combine("client.key");

    /// <summary>A client's certificate of an intermediate authority, which stands behind it.</summary>
    public string FarCertificateFile => _folder.Combine("far.pem");

    public string FarKeyFile => _folder.Combine("far.key");

    /// <summary>Settings of a redis-server that answers with TLS on a port, and asks for a client's certificate.</summary>
    /// <param name="name">Its own: <c>server</c>; <c>expired</c>, which was for a day of 2023; <c>elsewhere</c>, which is for <c>redis.example</c>.</param>
    public IReadOnlyList<string> ServerSettings(int port, string name = "server") =>
    [
        "--tls-port", $"{port}", "--tls-cert-file", _folder.Combine($"{name}.pem"), "--tls-key-file", _folder.Combine($"{name}.key"), "--tls-ca-cert-file", AuthorityFile,
    ];

    public void Dispose() => _folder.Dispose();

    private static CertificateRequest RequestAuthority(string subject, RSA key)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true));
        return request;
    }

    private void WriteSigned(X509Certificate2 root, string subject, string name, (DateTimeOffset From, DateTimeOffset To) valid, string? host = null)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        if (host is null)
        {
            names.AddIpAddress(IPAddress.Loopback);
        }

        names.AddDnsName(host ?? "localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(root, valid.From, valid.To, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(_folder.Combine($"{name}.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(_folder.Combine($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
    }
}

using System.Net.Security;
using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Hosting.Tests;

public sealed class ServerCertificateTests : IDisposable
{
    private readonly TestCertificates _first = new();
    private readonly TestCertificates _second = new();
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _folder.Dispose();
    }

    /// <summary>Two files are renewed one after the other: in between the certificate before goes on.</summary>
    [Fact]
    public void ToOptions_FilesRenewed_AreTakenOnceTheyFit()
    {
        var options = new ServerOptions { CertificateFile = _folder.Combine("certificate"), CertificateKeyFile = _folder.Combine("key") };
        Put(_first.ServerCertificateFile, options.CertificateFile);
        Put(_first.ServerKeyFile, options.CertificateKeyFile);
        var certificate = new ServerCertificate(options, _time);
        var before = Thumbprint(certificate);

        Put(_second.ServerCertificateFile, options.CertificateFile);
        var atOnce = Thumbprint(certificate);
        _time.Advance(TimeSpan.FromSeconds(11));
        var half = Thumbprint(certificate);
        Put(_second.ServerKeyFile, options.CertificateKeyFile);
        _time.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal((before, before), (atOnce, half));
        Assert.NotEqual(before, Thumbprint(certificate));
    }

    [Fact]
    public void Constructor_FileThatIsNotThere_IsRefusedInOneSentence()
    {
        var options = new ServerOptions { CertificateFile = _folder.Combine("nowhere.pem"), CertificateKeyFile = _first.ServerKeyFile };

        var failure = Assert.Throws<HostingException>(() => new ServerCertificate(options, _time));

        Assert.EndsWith("nowhere.pem'.", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>As Kubernetes mounts a secret: files that are links through a link to a folder, which alone is moved, to files as old as those before.</summary>
    [Fact]
    public void ToOptions_FolderBehindTheLinksMoved_TakesItsFiles()
    {
        foreach (var (name, source) in new[] { ("first", _first), ("second", _second) })
        {
            Directory.CreateDirectory(_folder.Combine(name));
            Put(source.ServerCertificateFile, _folder.Combine(name, "certificate"));
            Put(source.ServerKeyFile, _folder.Combine(name, "key"));
        }

        Directory.CreateSymbolicLink(_folder.Combine("data"), "first");
        var options = new ServerOptions { CertificateFile = _folder.Combine("certificate"), CertificateKeyFile = _folder.Combine("key") };
        File.CreateSymbolicLink(options.CertificateFile, Path.Combine("data", "certificate"));
        File.CreateSymbolicLink(options.CertificateKeyFile, Path.Combine("data", "key"));
        var certificate = new ServerCertificate(options, _time);
        var before = Thumbprint(certificate);

        Directory.Delete(_folder.Combine("data"));
        Directory.CreateSymbolicLink(_folder.Combine("data"), "second");
        _time.Advance(TimeSpan.FromSeconds(11));

        Assert.NotEqual(before, Thumbprint(certificate));
    }

    private static string Thumbprint(ServerCertificate certificate) => certificate.ToOptions(SslApplicationProtocol.Http2).ServerCertificateContext!.TargetCertificate.Thumbprint;

    // Later than the one before, whatever the clock of the disk tells apart.
    private void Put(string source, string target)
    {
        var written = File.Exists(target) ? File.GetLastWriteTimeUtc(target) : _time.GetUtcNow().UtcDateTime;
        File.Copy(source, target, overwrite: true);
        File.SetLastWriteTimeUtc(target, written.AddSeconds(1));
    }
}

using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>REST and gRPC with certificates of the server, and of its clients.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task Infer_ServerWithACertificate_AnswersThoseWhoTrustIt()
    {
        await using var server = await StartAsync();
        var address = server.Server.Addresses.Grpc.ToString();
        using var trusting = new ZeroWorldClient(address, new ZeroWorldClientOptions { AuthorityFile = _certificates.AuthorityFile });
        using var distrusting = new ZeroWorldClient(address, new ZeroWorldClientOptions { RetriesMax = 0 });
        using var plain = new ZeroWorldClient(address.Replace("https", "http", StringComparison.Ordinal), new ZeroWorldClientOptions { RetriesMax = 0 });
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = Trust() } });

        var outputs = await trusting.InferAsync("identity_fp32", [Float32Tensor.Create("INPUT0", [1, 2], [3, 4])], cancellationToken: Cancellation);
        var ready = await http.GetStringAsync(server.Path("/v2/health/ready"), Cancellation);
        var metrics = await http.GetStringAsync(new Uri(server.Server.Addresses.Metrics, "/metrics"), Cancellation);

        Assert.Equal([3f, 4f], Float32Tensor.ToArray(outputs[0]));
        Assert.Equal("""{"ready":true}""", ready);
        Assert.Contains("nv_inference_count", metrics, StringComparison.Ordinal);
        Assert.Equal(("https", "https", "http"), (server.Server.Addresses.Http.Scheme, server.Server.Addresses.Grpc.Scheme, server.Server.Addresses.Metrics.Scheme));
        await Assert.ThrowsAsync<RpcException>(() => distrusting.InferAsync("identity_fp32", [Float32Tensor.Create("INPUT0", [1, 2], [3, 4])], cancellationToken: Cancellation));
        await Assert.ThrowsAsync<RpcException>(() => plain.InferAsync("identity_fp32", [Float32Tensor.Create("INPUT0", [1, 2], [3, 4])], cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Infer_ServerThatAsksForCertificates_AnswersThoseWhoHaveOneOfItsAuthority()
    {
        using var others = new TestCertificates();
        await using var server = await StartAsync(("Server:ClientAuthorityFile", _certificates.AuthorityFile));
        using var known = Open(_certificates);
        using var far = new ZeroWorldClient(
            server.Server.Addresses.Grpc.ToString(),
            new ZeroWorldClientOptions { AuthorityFile = _certificates.AuthorityFile, ClientCertificateFile = _certificates.FarCertificateFile, ClientKeyFile = _certificates.FarKeyFile });
        using var stranger = Open(others);
        using var nobody = Open(null);

        var outputs = await known.InferAsync("identity_fp32", [Float32Tensor.Create("INPUT0", [1, 2], [3, 4])], cancellationToken: Cancellation);
        var farOutputs = await far.InferAsync("identity_fp32", [Float32Tensor.Create("INPUT0", [1, 2], [3, 4])], cancellationToken: Cancellation);

        Assert.All([outputs, farOutputs], static answer => Assert.Equal([3f, 4f], Float32Tensor.ToArray(answer[0])));
        foreach (var client in new[] { stranger, nobody })
        {
            await Assert.ThrowsAsync<RpcException>(() => client.InferAsync("identity_fp32", [Float32Tensor.Create("INPUT0", [1, 2], [3, 4])], cancellationToken: Cancellation));
        }

        ZeroWorldClient Open(TestCertificates? own) => new(
            server.Server.Addresses.Grpc.ToString(),
            new ZeroWorldClientOptions { AuthorityFile = _certificates.AuthorityFile, ClientCertificateFile = own?.ClientCertificateFile, ClientKeyFile = own?.ClientKeyFile, RetriesMax = 0 });
    }

    /// <summary>The certificate is for localhost and the addresses of this machine.</summary>
    [Theory]
    [InlineData("localhost", true)]
    [InlineData("elsewhere", false)]
    public async Task Infer_ServerName_IsTheOneThatTheCertificateMustBeFor(string name, bool isAnswered)
    {
        using var others = new TestCertificates();
        await using var server = await StartAsync();
        var address = server.Server.Addresses.Grpc.ToString();
        using var client = new ZeroWorldClient(address, new ZeroWorldClientOptions { AuthorityFile = _certificates.AuthorityFile, ServerName = name, RetriesMax = 0 });
        using var distrusting = new ZeroWorldClient(address, new ZeroWorldClientOptions { AuthorityFile = others.AuthorityFile, ServerName = name, RetriesMax = 0 });

        var answer = await Record.ExceptionAsync(() => client.InferAsync("identity_fp32", [Float32Tensor.Create("INPUT0", [1, 2], [3, 4])], cancellationToken: Cancellation));

        Assert.Equal(isAnswered, answer is null);
        await Assert.ThrowsAsync<RpcException>(() => distrusting.InferAsync("identity_fp32", [Float32Tensor.Create("INPUT0", [1, 2], [3, 4])], cancellationToken: Cancellation));
    }

    [Theory]
    [InlineData("nowhere.pem", "key", "(setting Server:CertificateFile) cannot be read: ")]
    [InlineData("key", "key", "(setting Server:CertificateFile) holds no PEM certificate.")]
    [InlineData("certificate", "other key", "(setting Server:CertificateKeyFile) holds no unencrypted PEM key of the first certificate of ")]
    public void Create_CertificateThatIsNone_IsToldByFile(string certificate, string key, string expected)
    {
        using var others = new TestCertificates();
        using var folder = new TempFolder();
        var files = new Dictionary<string, string>
        {
            ["nowhere.pem"] = folder.Combine("nowhere.pem"), ["certificate"] = _certificates.ServerCertificateFile, ["key"] = _certificates.ServerKeyFile, ["other key"] = others.ServerKeyFile,
        };
        var flags = new Dictionary<string, string> { ["DataDirectory"] = folder.Combine("data"), ["Server:CertificateFile"] = files[certificate], ["Server:CertificateKeyFile"] = files[key] };

        var refused = Assert.Throws<HostingException>(() => ZeroWorldServer.Create(ZeroWorldConfiguration.Load(new ConfigurationInputs { Flags = flags })));

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_ClientFilesThatAreNone_AreToldByOption()
    {
        var missing = Assert.Throws<ArgumentException>(() => new ZeroWorldClient("https://localhost:1", new ZeroWorldClientOptions { AuthorityFile = "nowhere.pem" }));
        var half = Assert.Throws<ArgumentException>(() => new ZeroWorldClient("https://localhost:1", new ZeroWorldClientOptions { ClientKeyFile = _certificates.ClientKeyFile }));
        var empty = Assert.Throws<ArgumentException>(() => new ZeroWorldClient("https://localhost:1", new ZeroWorldClientOptions { AuthorityFile = _certificates.ClientKeyFile }));

        Assert.StartsWith("AuthorityFile is 'nowhere.pem', which cannot be used: ", missing.Message, StringComparison.Ordinal);
        Assert.StartsWith("One of ClientCertificateFile and ClientKeyFile is given", half.Message, StringComparison.Ordinal);
        Assert.Contains("which holds no PEM certificate", empty.Message, StringComparison.Ordinal);
    }

    private Task<TensorServer> StartAsync(params (string Key, string Value)[] settings)
    {
        var flags = new Dictionary<string, string> { ["Server:CertificateFile"] = _certificates.ServerCertificateFile, ["Server:CertificateKeyFile"] = _certificates.ServerKeyFile };
        foreach (var (key, value) in settings)
        {
            flags[key] = value;
        }

        return TensorServer.StartNewAsync(flags);
    }

    private X509ChainPolicy Trust()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(_certificates.AuthorityFile);
        return policy;
    }
}

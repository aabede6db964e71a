using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

public sealed class ServeCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Serve_TerminatedWithAStopThatTakesLong_IsNotCutOff()
    {
        // Longer than the 2 s after which the library that reads the command line would end the process.
        File.WriteAllText(_folder.Combine("zeroworld.yaml"), "server: { http_port: 0, grpc_port: 0, metrics_port: 0, stop_delay: 4s }");
        using var process = await ServeAsync();

        await EndAsync(process);

        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task Serve_LogFormatJson_WritesAnObjectPerLine()
    {
        File.WriteAllText(_folder.Combine("zeroworld.yaml"), "server: { http_port: 0, grpc_port: 0, metrics_port: 0, log_format: json }");
        var lines = new ConcurrentQueue<string>();
        using var process = await ServeAsync(lines);

        await EndAsync(process);

        Assert.NotEmpty(lines);
        Assert.All(lines, static line => Assert.Equal("Information", JsonDocument.Parse(line).RootElement.GetProperty("LogLevel").GetString()));
        var listening = JsonDocument.Parse(Assert.Single(lines, static line => line.Contains("Listening", StringComparison.OrdinalIgnoreCase))).RootElement;
        Assert.StartsWith("http", listening.GetProperty("State").GetProperty("Http").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_ServerThatAsksForCertificates_AreListedWithTheSettingsOfTheClient()
    {
        using var certificates = new TestCertificates();
        const string Ports = "http_port: 0, grpc_port: 0, metrics_port: 0";
        var server = $"server: {{ {Ports}, certificate_file: {certificates.ServerCertificateFile}, certificate_key_file: {certificates.ServerKeyFile}, client_authority_file: {certificates.AuthorityFile} }}\n";
        var client = $"client: {{ authority_file: {certificates.AuthorityFile}, certificate_file: {certificates.ClientCertificateFile}, key_file: {certificates.ClientKeyFile}";
        File.WriteAllText(_folder.Combine("zeroworld.yaml"), server);
        using var process = await ServeAsync();

        var without = await ListModelsAsync(server);
        var with = await ListModelsAsync($"{server}{client} }}");
        var elsewhere = await ListModelsAsync($"{server}{client}, server_name: elsewhere }}");
        var nowhere = await ListModelsAsync($"{server}{client.Replace(certificates.AuthorityFile, "nowhere.pem", StringComparison.Ordinal)} }}");
        await EndAsync(process);

        Assert.Equal((0, ""), (with.ExitCode, with.Error));
        Assert.Contains("answers clients with a certificate only (setting Server:ClientAuthorityFile); set Client:CertificateFile and Client:KeyFile.", without.Error, StringComparison.Ordinal);
        Assert.Contains("The SSL connection could not be established", elsewhere.Error, StringComparison.Ordinal);
        Assert.Contains("The settings of section Client cannot be used: AuthorityFile is 'nowhere.pem'", nowhere.Error, StringComparison.Ordinal);
        Assert.All([without, elsewhere, nowhere], static refused => Assert.Equal(ExitCode.Failure, refused.ExitCode));

        Task<(int ExitCode, string Output, string Error)> ListModelsAsync(string settings)
        {
            File.WriteAllText(_folder.Combine("zeroworld.yaml"), settings);
            return ZwmlProcess.RunAsync(_folder.Path, "models", "list", "--data", "data");
        }
    }

    /// <param name="log">Gets the lines that it writes to standard error.</param>
    private async Task<Process> ServeAsync(ConcurrentQueue<string>? log = null)
    {
        var process = ZwmlProcess.Start(_folder.Path, log is null ? null : log.Enqueue, "serve", "--data", "data");
        while (DataDirectory.FindWriter(_folder.Combine("data"))?.GrpcAddress is null)
        {
            Assert.False(process.HasExited);
            await Task.Delay(TimeSpan.FromMilliseconds(50), Cancellation);
        }

        return process;
    }

    private static async Task EndAsync(Process process)
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync(Cancellation);
        }

        await process.WaitForExitAsync(Cancellation);
    }
}

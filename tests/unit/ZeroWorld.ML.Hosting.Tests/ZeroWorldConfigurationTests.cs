using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Hosting.Tests;

public sealed class ZeroWorldConfigurationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_NothingGiven_HasDefaultsOnly()
    {
        var configuration = ZeroWorldConfiguration.Load(new ConfigurationInputs());

        Assert.Equal(8001, configuration.Get<ServerOptions>().GrpcPort);
        Assert.All(configuration.Entries, entry => Assert.Equal("default", entry.Source));
        Assert.Contains(new ConfigurationEntry("Server:HttpPort", "8000", "default"), configuration.Entries);
        Assert.Contains(new ConfigurationEntry("DataDirectory", ".zeroworld", "default"), configuration.Entries);
        Assert.Contains(new ConfigurationEntry("Online:Redis", null, "default"), configuration.Entries);
    }

    [Fact]
    public void Load_EverySource_LaterOnesWinAndAreNamed()
    {
        var file = Write("""
            server:
              http_port: 1
              grpc-port: 2
              Host: 0.0.0.0
            Serving:
              Prediction: { FeatureTimeout: 20ms }
            """);

        var configuration = ZeroWorldConfiguration.Load(new ConfigurationInputs
        {
            File = file,
            Variables = new Dictionary<string, string> { ["ZEROWORLD__SERVER__GRPCPORT"] = "3", ["ZEROWORLD__Server__MetricsPort"] = "4", ["ZEROWORLD_DATA"] = "x" },
            Flags = new Dictionary<string, string> { ["Server:MetricsPort"] = "5" },
        });

        var server = configuration.Get<ServerOptions>();
        Assert.Equal(("0.0.0.0", 1, 3, 5), (server.Host, server.HttpPort, server.GrpcPort, server.MetricsPort));
        Assert.Equal(TimeSpan.FromMilliseconds(20), configuration.Get<PredictionOptions>().FeatureTimeout);
        Assert.Equal($"{file}:2", Source(configuration, "Server:HttpPort"));
        Assert.Equal("ZEROWORLD__SERVER__GRPCPORT", Source(configuration, "Server:GrpcPort"));
        Assert.Equal("flag", Source(configuration, "Server:MetricsPort"));
        Assert.Equal($"{file}:6", Source(configuration, "Serving:Prediction:FeatureTimeout"));
    }

    [Fact]
    public void Load_SeveralFaults_NamesThemAll()
    {
        var file = Write("""
            Server:
              HttpPrt: 1
              GrpcPort: eight
              MetricsPort: 70000
            """);

        var exception = Assert.Throws<HostingException>(() => ZeroWorldConfiguration.Load(new ConfigurationInputs
        {
            File = file,
            Flags = new Dictionary<string, string> { ["Server:ShutdownTimeout"] = "soon" },
        }));

        Assert.Equal(
            [
                "The configuration is wrong in 4 places:",
                $"{file}:2: there is no setting 'Server:HttpPrt'. Is 'Server:HttpPort' meant?",
                $"{file}:3: Server:GrpcPort is 'eight'; expected a whole number.",
                "flag: Server:ShutdownTimeout is 'soon'; expected a duration such as 50ms, 2s, 5m, 1h or 7d.",
                "Server:MetricsPort is 70000; expected 0 to 65535.",
            ],
            exception.Message.Split(Environment.NewLine));
    }

    [Theory]
    [InlineData("Server: [1, 2]", ":1:9: 'Server' is no setting; expected sections and values such as 'Server: { HttpPort: 8000 }'.")]
    [InlineData("just text", ":1:1: 'the file' is no setting; expected sections and values such as 'Server: { HttpPort: 8000 }'.")]
    [InlineData("Server:\n  HttpPort: 1\n HttpPort: 2", ":3:2: ")]
    public void Load_FileOutOfForm_NamesThePlace(string text, string message)
    {
        var file = Write(text);

        var exception = Assert.Throws<HostingException>(() => ZeroWorldConfiguration.Load(new ConfigurationInputs { File = file }));

        Assert.StartsWith($"The configuration is wrong. {file}{message}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NamedFileIsNotThere_SaysSo()
    {
        var exception = Assert.Throws<HostingException>(() => ZeroWorldConfiguration.Load(new ConfigurationInputs { File = _folder.Combine("none.yaml") }));

        Assert.StartsWith($"The configuration is wrong. The file '{_folder.Combine("none.yaml")}' cannot be read: ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TwoListenersOnOnePort_IsRefused()
    {
        var exception = Assert.Throws<HostingException>(() => ZeroWorldConfiguration.Load(
            new ConfigurationInputs { Flags = new Dictionary<string, string> { ["Server:GrpcPort"] = "8000" } }));

        Assert.Equal(
            "The configuration is wrong. Server:HttpPort, Server:GrpcPort, Server:MetricsPort: port 8000 is given to two of them; expected three ports.",
            exception.Message);
    }

    [Fact]
    public void Entries_PasswordInAnAddress_IsNotShown()
    {
        var configuration = ZeroWorldConfiguration.Load(
            new ConfigurationInputs { Flags = new Dictionary<string, string> { ["Online:Redis"] = "redis:6379,password=hush,ssl=true" } });

        Assert.Contains(new ConfigurationEntry("Online:Redis", "redis:6379,password=(hidden),ssl=true", "flag"), configuration.Entries);
        Assert.Equal("redis:6379,password=hush,ssl=true", configuration.Get<OnlineOptions>().Redis);
    }

    [Fact]
    public void Load_SettingThatFollowsFromAnother_IsNotOffered()
    {
        var exception = Assert.Throws<HostingException>(() => ZeroWorldConfiguration.Load(
            new ConfigurationInputs { Flags = new Dictionary<string, string> { ["Features:Offline:DataDirectory"] = "/elsewhere" } }));

        Assert.Contains("there is no setting 'Features:Offline:DataDirectory'", exception.Message, StringComparison.Ordinal);
    }

    private static string Source(ZeroWorldConfiguration configuration, string key) => configuration.Entries.Single(entry => entry.Key == key).Source;

    private string Write(string text)
    {
        var file = _folder.Combine("zeroworld.yaml");
        File.WriteAllText(file, text);
        return file;
    }
}

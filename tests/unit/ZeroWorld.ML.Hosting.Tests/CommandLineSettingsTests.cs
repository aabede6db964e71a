namespace ZeroWorld.ML.Hosting.Tests;

public sealed class CommandLineSettingsTests
{
    [Fact]
    public void Read_BothForms_AreTheSame()
    {
        var (flags, file) = CommandLineSettings.Read(["--Server:HttpPort=9000", "--Online:Redis", "a:1,password=x=y", "--config", "x.yaml"]);

        Assert.Equal(new Dictionary<string, string> { ["Server:HttpPort"] = "9000", ["Online:Redis"] = "a:1,password=x=y" }, flags);
        Assert.Equal("x.yaml", file);
    }

    [Theory]
    [InlineData("'serve' is no setting; expected --Section:Name=value, such as --Server:HttpPort=9000, or --config FILE.", "serve")]
    [InlineData("'--Server:HttpPort' has no value; expected --Server:HttpPort=value.", "--Server:HttpPort")]
    [InlineData("'--A' is given twice.", "--A=1", "--A=2")]
    public void Read_NoSetting_IsRefused(string message, params string[] arguments) =>
        Assert.Equal(message, Assert.Throws<HostingException>(() => CommandLineSettings.Read(arguments)).Message);
}

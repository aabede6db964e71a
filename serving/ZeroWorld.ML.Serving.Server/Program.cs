using ZeroWorld.ML.Hosting;

FileSizeLimit.FailWrites();

// Arguments: --Section:Name=value or --Section:Name value, and --config FILE. Everything else comes from zeroworld.yaml and ZEROWORLD__ variables.
try
{
    var (flags, file) = CommandLineSettings.Read(args);
    await using var server = ZeroWorldServer.Create(ZeroWorldConfiguration.Load(ConfigurationInputs.FromProcess(flags, file)));
    await server.StartAsync(CancellationToken.None);
    await server.RunAsync(CancellationToken.None);
    return 0;
}
catch (HostingException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}

using ZeroWorld.ML.GpuNodes.Verify;

// 0: every device that this build can use computes right. 1: one does not. 2: the arguments ask for what is not there.
if (!VerifyArguments.TryParse(args, out var arguments, out var message))
{
    (arguments.WantsHelp ? Console.Out : Console.Error).WriteLine(message);
    return arguments.WantsHelp ? 0 : 2;
}

var node = new NodeVerifier();
if (node.FindRefusal(arguments.Device) is { } refusal)
{
    Console.Error.WriteLine(refusal);
    return 2;
}

var report = node.Verify(arguments.Device, arguments.WantsMeasurements);
Console.Out.Write(arguments.WantsJson ? ReportText.ToJson(report) : ReportText.ToText(report));
return report.Passed ? 0 : 1;

using System.Diagnostics.CodeAnalysis;

namespace ZeroWorld.ML.GpuNodes.Verify;

/// <summary>The command line.</summary>
/// <param name="Device">The only device to check; <see langword="null"/> for all that this build can use.</param>
/// <param name="WantsJson">Whether a program reads the report.</param>
/// <param name="WantsMeasurements">Whether GPUs are measured, too.</param>
/// <param name="WantsHelp">Whether nothing else is wanted.</param>
internal sealed record VerifyArguments(DeviceId? Device = null, bool WantsJson = false, bool WantsMeasurements = false, bool WantsHelp = false)
{
    public const string Usage =
        """
        Prints what each runtime can use on this machine, and checks a small computation on each device against its known result.

        Usage: ZeroWorld.ML.GpuNodes.Verify [--device cpu|cuda|cuda:N] [--measure] [--json]

          --device   check this device only; the exit code is 2 when this build or this machine cannot use it
          --measure  measure each GPU too: latency, matrix products, transfers, memory; takes some seconds
          --json     print the report as JSON
          --help     print this text

        Exit code: 0 all checks passed, 1 a check failed, 2 wrong arguments or no such device.
        """;

    /// <param name="message">The usage, or what is wrong, when the answer is <see langword="false"/>.</param>
    public static bool TryParse(IReadOnlyList<string> args, out VerifyArguments arguments, [NotNullWhen(false)] out string? message)
    {
        arguments = new VerifyArguments();
        message = null;
        for (var index = 0; index < args.Count && message is null; index++)
        {
            switch (args[index])
            {
                case "--json":
                    arguments = arguments with { WantsJson = true };
                    break;
                case "--measure":
                    arguments = arguments with { WantsMeasurements = true };
                    break;
                case "--help" or "-h":
                    arguments = arguments with { WantsHelp = true };
                    message = Usage;
                    break;
                case "--device" when index + 1 < args.Count:
                    index++;
                    if (DeviceId.TryParse(args[index], out var device))
                    {
                        arguments = arguments with { Device = device };
                    }
                    else
                    {
                        message = $"--device is '{args[index]}'; expected cpu, cuda or cuda:N.";
                    }

                    break;
                case "--device":
                    message = "--device has no value; expected cpu, cuda or cuda:N.";
                    break;
                default:
                    message = $"'{args[index]}' is no option of this program; see --help.";
                    break;
            }
        }

        return message is null;
    }
}

namespace ZeroWorld.ML.Hosting;

/// <summary>Settings on a command line: <c>--Server:HttpPort=9000</c> or <c>--Server:HttpPort 9000</c>, and <c>--config FILE</c>.</summary>
public static class CommandLineSettings
{
    private const string Prefix = "--";
    private const string FileFlag = "config";

    /// <returns>Settings by key, and the file that was named.</returns>
    /// <exception cref="HostingException">An argument is no setting, or has no value, or is given twice.</exception>
    public static (IReadOnlyDictionary<string, string> Flags, string? File) Read(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var flags = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var index = 0; index < arguments.Count; index++)
        {
            var argument = arguments[index];
            if (!argument.StartsWith(Prefix, StringComparison.Ordinal) || argument.Length == Prefix.Length)
            {
                throw new HostingException($"'{argument}' is no setting; expected --Section:Name=value, such as --Server:HttpPort=9000, or --config FILE.");
            }

            var (key, value) = argument.IndexOf('=', StringComparison.Ordinal) is >= 0 and var split
                ? (argument[Prefix.Length..split], argument[(split + 1)..])
                : index + 1 < arguments.Count
                    ? (argument[Prefix.Length..], arguments[++index])
                    : throw new HostingException($"'{argument}' has no value; expected {argument}=value.");
            if (!flags.TryAdd(key, value))
            {
                throw new HostingException($"'{Prefix}{key}' is given twice.");
            }
        }

        return flags.Remove(FileFlag, out var file) ? (flags, file) : (flags, null);
    }
}

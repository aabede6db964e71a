using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Models.Registry;

internal static partial class RegistryLog
{
    [LoggerMessage(3000, LogLevel.Information, "Registered {Model} version {Version}, package {Digest}, for {Actor}.")]
    internal static partial void Registered(this ILogger logger, ModelName model, long version, string digest, string actor);

    [LoggerMessage(3001, LogLevel.Information, "The alias {Alias} of {Model} moved from version {Previous} to {Version} for {Actor}.")]
    internal static partial void AliasMoved(this ILogger logger, string alias, ModelName model, long previous, long version, string actor);

    [LoggerMessage(3003, LogLevel.Information, "The alias {Alias} of {Model} is new and names version {Version}, for {Actor}.")]
    internal static partial void AliasSet(this ILogger logger, string alias, ModelName model, long version, string actor);

    [LoggerMessage(3004, LogLevel.Information, "The alias {Alias} of {Model}, which named version {Version}, is removed for {Actor}.")]
    internal static partial void AliasRemoved(this ILogger logger, string alias, ModelName model, long version, string actor);

    [LoggerMessage(3005, LogLevel.Information, "Version {Version} of {Model} is retired for {Actor}.")]
    internal static partial void Retired(this ILogger logger, ModelName model, long version, string actor);

    [LoggerMessage(3006, LogLevel.Information, "Version {Version} of {Model} is restored for {Actor}.")]
    internal static partial void Restored(this ILogger logger, ModelName model, long version, string actor);

    [LoggerMessage(3007, LogLevel.Information, "Version {Version} of {Model}, package {Digest}, is deleted for {Actor}.")]
    internal static partial void Deleted(this ILogger logger, ModelName model, long version, string digest, string actor);

    [LoggerMessage(3008, LogLevel.Information, "{Count} artifacts that nothing named, of {Bytes} bytes, are removed.")]
    internal static partial void Collected(this ILogger logger, int count, long bytes);

    [LoggerMessage(3002, LogLevel.Warning, "The local copy of package {Digest} is damaged and is brought again: {Reason}")]
    internal static partial void LocalCopyReplaced(this ILogger logger, string digest, string reason);
}

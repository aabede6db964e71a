using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>The embedded online store.</summary>
public sealed class GarnetHostOptions
{
    public const string Section = "Features:Embedded";

    /// <summary>Where the store keeps its log and checkpoints.</summary>
    /// <value>Default <see langword="null"/>: nothing is kept.</value>
    public string? Folder { get; set; }

    /// <summary>Loopback port.</summary>
    /// <value>Default 0: a free one.</value>
    [Range(0, 65535)]
    public int Port { get; set; }

    /// <summary>Memory for rows and blocks, in MiB. It is taken as it is needed.</summary>
    /// <value>Default 4,096.</value>
    [Range(64, 1 << 20)]
    public int MemoryMebibytes { get; set; } = 4096;

    /// <summary>Size of the append-only file, in MiB, beyond which a checkpoint takes its place.</summary>
    /// <value>Default 1,024.</value>
    [Range(64, 1 << 20)]
    public int LogMebibytes { get; set; } = 1024;

    /// <summary>Whether the store starts when it is first used instead of with the application. A read does not wait for that: it is unavailable, so who reads has it start before.</summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool StartsOnUse { get; set; }

    /// <summary>The longest that the start may take, recovery included.</summary>
    /// <value>Default 60 s.</value>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest that writing the rest of the log at the end may take, and stopping behind it once more.</summary>
    /// <value>Default 30 s.</value>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Room on the disk of <see cref="Folder"/>, in MiB, below which writes are refused, so that its log is never cut off.</summary>
    /// <value>Default 64; 0: they are taken until the disk is full.</value>
    [Range(0, 1 << 20)]
    public int ReserveMebibytes { get; set; } = 64;
}

[OptionsValidator]
internal sealed partial class GarnetHostOptionsValidator : IValidateOptions<GarnetHostOptions>;

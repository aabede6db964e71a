using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Hosting;

/// <summary>What decides about content in the server.</summary>
public sealed class ModerationOptions
{
    public const string Section = "Moderation";

    /// <summary>Folder of the policies: <c>PROJECT/MODEL/*.json</c>, any number of versions of each.</summary>
    /// <value><see langword="null"/> (the default): <c>policies</c> in the data directory.</value>
    public string? PolicyFolder { get; set; }

    /// <summary>Items that may wait for one transformer, which decides one after the other; a further one is refused. 1 to 65,536, default 256.</summary>
    [Range(1, 65_536)]
    public int QueueCapacity { get; set; } = 256;
}

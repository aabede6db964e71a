namespace ZeroWorld.ML.Features.Redis;

/// <summary>The scripts that keep writes atomic. They run unchanged on Redis (Lua 5.1) and Garnet (Lua 5.4).</summary>
internal static class RedisScripts
{
    /// <summary>What a script returns when the stored bytes are not of the layout of the new ones.</summary>
    public const int NotThisLayout = -1;

    /// <summary>What a script returns when the time of a write is over.</summary>
    public const int Expired = -3;

    public static RedisScript WriteRows { get; } = Read("write_rows.lua");

    public static RedisScript AppendEvents { get; } = Read("append_events.lua");

    public static RedisScript ReplaceBlock { get; } = Read("replace_block.lua");

    public static RedisScript DeleteEntity { get; } = Read("delete_entity.lua");

    public static RedisScript KeepLater { get; } = Read("keep_later.lua");

    public static RedisScript ReadLedger { get; } = Read("read_ledger.lua");

    public static RedisScript ReplaceLedger { get; } = Read("replace_ledger.lua");

    public static RedisScript MarkPartitions { get; } = Read("mark_partitions.lua");

    // Of streams, which Garnet has not.
    public static RedisScript KeepEntries { get; } = Read("keep_entries.lua");

    public static RedisScript WriteDeadLetter { get; } = Read("write_dead_letter.lua");

    /// <summary>Refuses the answer of a write that came too late.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.Superseded"/>.</exception>
    public static void ThrowIfExpired(int answer, StorageField field)
    {
        if (answer == Expired)
        {
            throw new FeatureException(
                FeatureError.Superseded,
                $"The turn of this materialization of view '{field.View.Name}' is over by the clock of the online store: it stood still for too long, or that clock was set forward. Nothing of it was written since; run it again.");
        }
    }

    private static RedisScript Read(string name)
    {
        using var stream = typeof(RedisScripts).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The script '{name}' is not in the assembly.");
        using var reader = new StreamReader(stream);
        return new RedisScript(reader.ReadToEnd());
    }
}

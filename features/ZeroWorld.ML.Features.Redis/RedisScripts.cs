namespace ZeroWorld.ML.Features.Redis;

/// <summary>The scripts that keep writes atomic. They run unchanged on Redis (Lua 5.1) and Garnet (Lua 5.4).</summary>
internal static class RedisScripts
{
    /// <summary>What a script returns when the stored bytes are not of the layout of the new ones.</summary>
    public const int NotThisLayout = -1;

    public static string WriteRow { get; } = Read("write_row.lua");

    public static string AppendEvents { get; } = Read("append_events.lua");

    public static string ReplaceBlock { get; } = Read("replace_block.lua");

    public static string DeleteEntity { get; } = Read("delete_entity.lua");

    public static string KeepLater { get; } = Read("keep_later.lua");

    private static string Read(string name)
    {
        using var stream = typeof(RedisScripts).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The script '{name}' is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Keys of docs/formats/online-row.md. The braces are the hash tag that keeps an entity on one cluster slot.</summary>
internal static class RedisKeys
{
    /// <summary>The field of both hashes of an entity that holds until when it was deleted, 8 bytes; no view's field has this name.</summary>
    public const string DeletedUntil = "!";

    public static RedisKey Rows(in EntityId entity) => $"z1:{{{entity.Project}/{entity.Entity}/{entity.Key}}}:v";

    public static RedisKey Windows(in EntityId entity) => $"z1:{{{entity.Project}/{entity.Entity}/{entity.Key}}}:w";

    public static RedisKey Coverage(string project) => $"z1:{project}:coverage";

    public static RedisKey Ledger(string project) => $"z1:{project}:ledger";

    /// <summary>Where a server of a cluster is marked: one of these keys lies on it.</summary>
    public static RedisKey Marks(string project, int place) => $"z1:{project}:{{{place}}}:marks";

    /// <summary>Glob of the keys in which a view's rows or blocks lie. Names hold no glob characters.</summary>
    public static RedisValue PatternOf(StorageField field) => $"z1:{{{field.View.Project}/{field.View.Entity.Name}/*}}:{(field.IsWindow ? 'w' : 'v')}";
}

using System.Text;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Keys of docs/formats/online-row.md. The braces are the hash tag that keeps an entity on one cluster slot.</summary>
internal static class RedisKeys
{
    private const int StackBytesMax = 512;

    /// <summary>The field of both hashes of an entity that holds until when it was deleted, 8 bytes; no view's field has this name.</summary>
    public const string DeletedUntil = "!";

    public static RedisKey Rows(in EntityId entity) => Of(entity, (byte)'v');

    public static RedisKey Windows(in EntityId entity) => Of(entity, (byte)'w');

    public static RedisKey Coverage(string project) => $"z1:{project}:coverage";

    public static RedisKey Ledger(string project) => $"z1:{project}:ledger";

    /// <summary>Where a server of a cluster is marked: one of these keys lies on it.</summary>
    public static RedisKey Marks(string project, int place) => $"z1:{project}:{{{place}}}:marks";

    /// <summary>Glob of the keys in which a view's rows or blocks lie. Names hold no glob characters.</summary>
    public static RedisValue PatternOf(StorageField field) => $"z1:{{{field.View.Project}/{field.View.Entity.Name}/*}}:{(field.IsWindow ? 'w' : 'v')}";

    // As bytes: the client would make these of a text, twice as long, with every call.
    private static RedisKey Of(in EntityId entity, byte kind)
    {
        var lengthMax = Encoding.UTF8.GetMaxByteCount(entity.Project.Length + entity.Entity.Length + entity.Key.Length) + 10;
        Span<byte> bytes = lengthMax <= StackBytesMax ? stackalloc byte[StackBytesMax] : new byte[lengthMax];
        var length = Write(bytes, 0, "z1:{"u8);
        length += Encoding.UTF8.GetBytes(entity.Project, bytes[length..]);
        bytes[length++] = (byte)'/';
        length += Encoding.UTF8.GetBytes(entity.Entity, bytes[length..]);
        bytes[length++] = (byte)'/';
        length += Encoding.UTF8.GetBytes(entity.Key, bytes[length..]);
        length = Write(bytes, length, "}:"u8);
        bytes[length++] = kind;
        return bytes[..length].ToArray();
    }

    private static int Write(Span<byte> target, int at, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(target[at..]);
        return at + bytes.Length;
    }
}

using System.Text;
using System.Text.Unicode;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Texts that come again and again, names above all: made once, found by their bytes.</summary>
/// <remarks>Thread safe. Bounded: a text takes the place of another of the same hash.</remarks>
internal static class NameCache
{
    private const int Slots = 1024;
    private const int LengthMax = 128;
    private static readonly Entry?[] Entries = new Entry?[Slots];

    /// <returns><see langword="null"/> when the bytes are no UTF-8.</returns>
    public static string? Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return "";
        }

        if (utf8.Length > LengthMax)
        {
            return Read(utf8);
        }

        ref var slot = ref Entries[Hash(utf8) & (Slots - 1)];
        if (Volatile.Read(ref slot) is { } known && known.Bytes.AsSpan().SequenceEqual(utf8))
        {
            return known.Text;
        }

        if (!Utf8.IsValid(utf8))
        {
            return null;
        }

        var entry = new Entry(utf8.ToArray(), Encoding.UTF8.GetString(utf8));
        Volatile.Write(ref slot, entry);
        return entry.Text;
    }

    /// <summary>Makes a text that is not kept.</summary>
    /// <returns><see langword="null"/> when the bytes are no UTF-8.</returns>
    public static string? Read(ReadOnlySpan<byte> utf8) => Utf8.IsValid(utf8) ? Encoding.UTF8.GetString(utf8) : null;

    private static int Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = 17u;
        foreach (var item in bytes)
        {
            hash = (hash * 31) + item;
        }

        return (int)(hash ^ (hash >> 10));
    }

    private sealed record Entry(byte[] Bytes, string Text);
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace ZeroWorld.ML.Serving;

/// <summary>What was asked, of which loaded version: SHA-256 over shapes and elements, so that no two requests, not even made ones, are taken for each other.</summary>
internal readonly record struct ResponseKey(VersionCache Version, UInt128 First, UInt128 Last)
{
    [ThreadStatic]
    private static IncrementalHash? _hash;

    /// <param name="inputs">One per input of the signature, in its order; <see langword="null"/>: left out.</param>
    public static ResponseKey Of(VersionCache version, ReadOnlySpan<TensorBuffer?> inputs)
    {
        var hash = _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        foreach (var input in inputs)
        {
            Append(hash, input);
        }

        hash.GetHashAndReset(digest);
        return new ResponseKey(version, BinaryPrimitives.ReadUInt128LittleEndian(digest), BinaryPrimitives.ReadUInt128LittleEndian(digest[16..]));
    }

    // Names and datatypes are the signature's; the number of dimensions and their sizes say where the elements end.
    private static void Append(IncrementalHash hash, TensorBuffer? input)
    {
        Span<long> rank = [input?.Shape.Length ?? -1];
        hash.AppendData(MemoryMarshal.AsBytes(rank));
        if (input is not null)
        {
            var raw = input.ToRaw().Span;
            rank[0] = raw.Length;
            hash.AppendData(MemoryMarshal.AsBytes(input.Shape));
            hash.AppendData(MemoryMarshal.AsBytes(rank));
            hash.AppendData(raw);
        }
    }
}

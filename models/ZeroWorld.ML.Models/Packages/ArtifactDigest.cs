using System.Buffers;
using System.Security.Cryptography;

namespace ZeroWorld.ML.Models;

/// <summary>The name of bytes: <c>sha256:</c> and 64 characters of lower-case hex.</summary>
public static class ArtifactDigest
{
    private const string Prefix = "sha256:";
    private const int HexLength = 64;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    internal const string Expected = "'sha256:' and 64 characters of lower-case hex";

    public static bool IsValid(string? digest) =>
        digest is { Length: 71 } && digest.StartsWith(Prefix, StringComparison.Ordinal) && !digest.AsSpan(Prefix.Length).ContainsAnyExcept(HexDigits);

    /// <returns>The 64 characters after the prefix: safe as a file name.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>.</exception>
    public static string ToHex(string digest) => IsValid(digest)
        ? digest[^HexLength..]
        : throw new RegistryException(RegistryError.InvalidInput, $"The digest '{digest}' is not valid; expected {Expected}.");

    /// <returns>The digest of these characters, valid or not.</returns>
    public static string OfHex(string hex) => Prefix + hex;

    public static string OfBytes(ReadOnlySpan<byte> bytes) => Prefix + Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Reads the stream to its end.</summary>
    public static async Task<string> OfStreamAsync(Stream stream, CancellationToken cancellationToken) =>
        Prefix + Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));

    public static async Task<string> OfFileAsync(string path, CancellationToken cancellationToken)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan | FileOptions.Asynchronous);
        await using (stream.ConfigureAwait(false))
        {
            return await OfStreamAsync(stream, cancellationToken).ConfigureAwait(false);
        }
    }
}

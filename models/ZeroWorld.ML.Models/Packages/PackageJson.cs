using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ZeroWorld.ML.Models;

/// <summary>Reads and writes the JSON files of packages; one value has one text.</summary>
internal static class PackageJson
{
    private static readonly PackageJsonContext Indented = new(new JsonSerializerOptions(PackageJsonContext.Default.Options)
    {
        WriteIndented = true,
        IndentSize = 2,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    private static readonly PackageJsonContext Compact = new(new JsonSerializerOptions(PackageJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    internal static byte[] Write(ModelManifest manifest) => [.. JsonSerializer.SerializeToUtf8Bytes(manifest, Indented.ModelManifest), (byte)'\n'];

    internal static byte[] Write(GoldenFile golden) => [.. JsonSerializer.SerializeToUtf8Bytes(golden, Compact.GoldenFile), (byte)'\n'];

    internal static byte[] Write(ReferenceDistributions reference) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(reference, Indented.ReferenceDistributions), (byte)'\n'];

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>; the message names the file, the place in it and what is wrong there.</exception>
    internal static T Read<T>(ReadOnlySpan<byte> bytes, JsonTypeInfo<T> type, string file)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw new JsonException("The file holds only null.");
        }
        catch (JsonException exception)
        {
            throw new RegistryException(RegistryError.InvalidInput, $"{file} is not valid: {JsonFault.Of(exception)}", exception);
        }
    }

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/> when the file is larger than its kind may be.</exception>
    internal static async Task<byte[]> ReadFileAsync(string folder, string path, long bytesMax, CancellationToken cancellationToken)
    {
        var stream = new FileStream(PackagePath.Combine(folder, path), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        await using (stream.ConfigureAwait(false))
        {
            if (stream.Length > bytesMax)
            {
                throw new RegistryException(RegistryError.InvalidInput, $"{path} has {stream.Length} bytes; expected at most {bytesMax}.");
            }

            var bytes = new byte[stream.Length];
            await stream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
            return bytes;
        }
    }
}

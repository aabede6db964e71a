using System.IO.Compression;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>Whether a file is a TorchScript archive that is whole, before native code reads it.</summary>
internal static class TorchArchive
{
    private const int EntriesMax = 100_000;

    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>, with the entry that is wrong.</exception>
    public static void Check(ModelPackage package)
    {
        try
        {
            using var archive = ZipFile.OpenRead(package.ModelPath);
            var length = new FileInfo(package.ModelPath).Length;
            if (archive.Entries.Count > EntriesMax || !archive.Entries.Any(static entry => entry.Name == "data.pkl") || !archive.Entries.Any(static entry => entry.FullName.Contains("/code/", StringComparison.Ordinal)))
            {
                throw new InvalidDataException("it is no TorchScript archive: expected a file that torch.jit.save wrote, with data.pkl and code in it");
            }

            // Libtorch maps entries as they lie in the file, so that they are stored and never larger than it.
            if (archive.Entries.FirstOrDefault(entry => entry.Length > length) is { } large)
            {
                throw new InvalidDataException($"its entry '{large.FullName}' claims {large.Length} bytes in a file of {length}");
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new ServingException(ServingError.ModelRefused, $"The model file '{package.Manifest.ModelFile}' cannot be loaded: {exception.Message.TrimEnd('.')}.", exception);
        }
    }
}

using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Opens packages that hold a model over token ids and its tokenizer.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class TokenModels
{
    private readonly PackageLoader _packages;

    internal TokenModels(PackageLoader packages) => _packages = packages;

    /// <summary>Whether a package holds a tokenizer.</summary>
    public static bool IsOf(ModelManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return manifest.Files.ContainsKey(TextTokenizerSettings.FileName);
    }

    /// <summary>Blocks while the model is loaded.</summary>
    /// <returns>Owned by the caller.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: it is no model of texts; <see cref="ServingError.Overloaded"/>: there is no memory for it.</exception>
    public TokenModel Open(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        var tokenizer = OpenTokenizer(package);
        var runtime = _packages.GetRuntime(package.Manifest);
        var memory = _packages.Reserve(package);
        IModelInstance? instance = null;
        try
        {
            instance = runtime.Open(package, memory.Device.ToString());
            return new TokenModel(package, instance, memory, tokenizer, RuntimeBuilds.Describe(runtime));
        }
        catch
        {
            instance?.Dispose();
            memory.Dispose();
            throw;
        }
    }

    private static TextTokenizer OpenTokenizer(ModelPackage package)
    {
        try
        {
            return TextTokenizer.Open(package.Directory);
        }
        catch (FeatureException exception)
        {
            throw new ServingException(ServingError.ModelRefused, $"The package of model '{package.Manifest.Name}' has no tokenizer that could be read: {exception.Message}", exception);
        }
    }
}

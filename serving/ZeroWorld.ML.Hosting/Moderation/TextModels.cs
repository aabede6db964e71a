using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Hosting;

/// <summary>Opens the model of texts that a package holds, of either kind.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class TextModels(TokenModels tokens)
{
    /// <summary>Whether a package holds one.</summary>
    public static bool IsOf(ModelManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return manifest.Files.ContainsKey(TextModelFile.Name) || IsTransformer(manifest);
    }

    /// <summary>Whether it is one that only a runtime can score: a transformer with its tokenizer.</summary>
    public static bool IsTransformer(ModelManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return TokenModels.IsOf(manifest) && manifest.Classes.Count > 0;
    }

    /// <summary>Blocks while it is read. What it returns is disposed by the caller, where it can be.</summary>
    /// <exception cref="Training.TrainingException">The file is damaged.</exception>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: a transformer that does not fit its classes.</exception>
    public ITextModel Open(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        return IsTransformer(package.Manifest) ? OpenTransformer(package) : TextModelFile.Read(Path.Combine(package.Directory, TextModelFile.Name));
    }

    private TokenTextModel OpenTransformer(ModelPackage package)
    {
        var model = tokens.Open(package);
        if (model.Labels == package.Manifest.Classes.Count)
        {
            var isKnown = bool.TryParse(package.Manifest.Lineage.Parameters.GetValueOrDefault(TransformerPackaging.IsExclusive), out var isExclusive);
            return new TokenTextModel(model, package.Manifest.Classes, isKnown ? isExclusive : null);
        }

        model.Dispose();
        throw new ServingException(ServingError.ModelRefused, $"Model '{package.Manifest.Name}' has {package.Manifest.Classes.Count} classes, and gives {model.Labels} numbers per text; expected as many.");
    }
}

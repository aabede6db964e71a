using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Makes a package of a user's own transformer and its tokenizer. Stateless and thread safe.</summary>
public static class TransformerPackaging
{
    /// <summary>Parameter of the package's lineage: the rows of the model's table of ids, where its graph tells them.</summary>
    public const string EmbeddingRows = "embedding_rows";

    /// <summary>Parameter of the package's lineage: the ids that the tokenizer makes.</summary>
    public const string TokenizerIds = "tokenizer_ids";

    /// <summary>Parameter of the package's lineage: <c>true</c> where exactly one label is true of a text, <c>false</c> where any number of them can be; absent where nobody said.</summary>
    public const string IsExclusive = "is_exclusive";

    private const string ModelFile = "model.onnx";
    private const int GoldenTexts = 16;

    // What another processor, or another version of the runtime, may compute differently.
    private const double Tolerance = 1e-4;

    /// <summary>Copies the files, puts the activation behind the model, runs it once on some texts for the golden samples, and writes the manifest.</summary>
    /// <param name="folder">A new or empty folder.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: the folder is not empty, the model has no such output or another number of labels, or it has no row of weights for some ids of the vocabulary.</exception>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: the tokenizer cannot be read.</exception>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: the model cannot be run on token ids.</exception>
    public static async Task<ModelPackage> WriteAsync(TransformerSource source, string folder, TokenModels models, DateTimeOffset createdTime, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(models);
        using var made = new NewPackageFolder(folder);
        var (tokenizer, ids) = CopyTokenizer(source.Tokenizer, folder);
        var signature = CopyModel(source, folder);
        var rows = RowsOf(Path.Combine(folder, ModelFile), signature);
        if (rows < ids)
        {
            throw Invalid($"The vocabulary '{tokenizer.Vocabulary}' has {ids} ids and the model has rows for {rows}; expected at most as many. Is it the vocabulary of another model?");
        }

        var output = OutputOf(source, signature);
        string[] further = [TextTokenizerSettings.FileName, tokenizer.Vocabulary, .. tokenizer.Merges is { } merges ? (string[])[merges] : []];
        var content = new ModelPackageContent
        {
            Model = source.Model,
            ModelFile = ModelFile,
            FurtherFiles = further,
            Inputs = [.. signature.Inputs.Select(static input => new ManifestInput(input.Name, input.Dtype.ToName(), input.Shape, []))],
            Outputs = [new ManifestOutput(output.Name, output.Name, output.Dtype.ToName(), output.Shape)],
            Classes = source.Labels,
            GoldenSamples = [],
            GoldenAbsoluteTolerance = Tolerance,
            GoldenRelativeTolerance = 0,
            Lineage = new ModelLineage { Parameters = ParametersOf(source, tokenizer, ids, rows), CreatedTime = createdTime },
            Metrics = source.Metrics.Where(static pair => double.IsFinite(pair.Value)).ToDictionary(),
        };
        var sample = await Task.Run(() => Sample(Draft(content, folder), source.Texts, models), cancellationToken).ConfigureAwait(false);
        var package = await ModelPackageWriter.WriteAsync(folder, content with { GoldenSamples = [sample] }, cancellationToken).ConfigureAwait(false);
        made.Keep();
        return package;
    }

    private static Dictionary<string, string> ParametersOf(TransformerSource source, TextTokenizerSettings tokenizer, int ids, long? rows)
    {
        var parameters = new Dictionary<string, string>(source.Parameters)
        {
            ["tokenizer"] = tokenizer.Kind.ToString(), ["length_max"] = $"{tokenizer.LengthMax}", [TokenizerIds] = $"{ids}", [EmbeddingRows] = rows is null ? "unknown" : $"{rows}",
        };
        if (source.IsExclusive is { } isExclusive)
        {
            parameters[IsExclusive] = isExclusive ? "true" : "false";
        }

        return parameters;
    }

    private static (TextTokenizerSettings Settings, int Ids) CopyTokenizer(TextTokenizerSettings given, string folder)
    {
        // Before they are copied, so that a fault names the file that was given.
        var ids = TextTokenizer.Open(given, Existing(given.Vocabulary), given.Merges is null ? null : Existing(given.Merges)).IdCount;
        var settings = given with { Vocabulary = Copy(given.Vocabulary, folder), Merges = given.Merges is { } merges ? Copy(merges, folder) : null };
        settings.Write(Path.Combine(folder, TextTokenizerSettings.FileName));
        return (settings, ids);
    }

    private static string Existing(string path) => File.Exists(path) ? path : throw Invalid($"The file '{path}' does not exist.");

    private static string Copy(string path, string folder)
    {
        var name = Path.GetFileName(path);
        File.Copy(path, Path.Combine(folder, name));
        return name;
    }

    private static ModelSignature CopyModel(TransformerSource source, string folder)
    {
        var model = OnnxModelReader.Read(source.ModelPath);
        foreach (var file in model.ExternalFiles)
        {
            var target = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(source.ModelPath))!, file), target);
        }

        var path = Path.Combine(folder, ModelFile);
        File.Copy(source.ModelPath, path);
        if (source.IsExclusive is { } isExclusive)
        {
            OnnxActivation.Append(path, OutputOf(source, model.GetSignature()).Name, isExclusive, path);
        }

        return OnnxModelReader.Read(path).GetSignature();
    }

    private static long? RowsOf(string model, ModelSignature signature) =>
        signature.Inputs.FirstOrDefault(static input => TokenModel.IsIds(input.Name)) is { } ids ? OnnxEmbedding.RowsOf(model, ids.Name) : null;

    // After an activation it is the activation's.
    private static TensorSpec OutputOf(TransformerSource source, ModelSignature signature)
    {
        var output = signature.Outputs.FirstOrDefault(static output => output.Name == OnnxActivation.Output)
            ?? signature.Outputs.FirstOrDefault(output => source.Output is null ? output is { Dtype: TensorDtype.Float32, Shape.Count: 2 } : output.Name == source.Output)
            ?? throw Invalid($"The model has no output {(source.Output is null ? "of FP32 [rows, labels]" : $"'{source.Output}'")}; its outputs are {string.Join(", ", signature.Outputs.Select(static item => $"'{item.Name}'"))}.");
        return output is { Dtype: TensorDtype.Float32, Shape.Count: 2 } && (output.Shape[1] == source.Labels.Count || output.Shape[1] < 0)
            ? new TensorSpec(output.Name, output.Dtype, [-1, source.Labels.Count])
            : throw Invalid($"The output '{output.Name}' is {output.Dtype.ToName()} [{string.Join(", ", output.Shape)}]; expected FP32 [-1, {source.Labels.Count}] for the labels {string.Join(", ", source.Labels)}.");
    }

    // What a runtime needs to know before there are golden samples.
    private static ModelPackage Draft(ModelPackageContent content, string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(folder, file).Replace('\\', '/'), static file => new PackageFile("", new FileInfo(file).Length));
        return new ModelPackage(Path.GetFullPath(folder), new ModelManifest
        {
            Format = ModelManifest.CurrentFormat,
            Project = content.Model.Project,
            Name = content.Model.Name,
            Runtime = content.Runtime,
            Files = files,
            ModelFile = content.ModelFile,
            Inputs = content.Inputs,
            Outputs = content.Outputs,
            Classes = content.Classes,
            Golden = null,
            Lineage = content.Lineage,
        }, "");
    }

    private static GoldenSample Sample(ModelPackage draft, IReadOnlyList<string> texts, TokenModels models)
    {
        using var model = models.Open(draft);
        return model.Sample([.. texts.Take(GoldenTexts)]);
    }

    private static RegistryException Invalid(string message) => new(RegistryError.InvalidInput, message);
}

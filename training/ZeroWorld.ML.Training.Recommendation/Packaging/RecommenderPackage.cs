using System.Reflection;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Writes the package of a recommender: the ONNX graph with golden samples, and <see cref="RecommenderBundle.FileName"/> for top-k, fold-in and ids.</summary>
public static class RecommenderPackage
{
    private const string ModelFile = "model.onnx";
    private const string ScriptFile = "model.pt";
    private const double Tolerance = 1e-4;
    private const int GoldenRows = 8;
    private const int GoldenHistoryMax = 20;

    /// <param name="folder">A new or an empty folder.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="bundle">What is packaged.</param>
    /// <param name="parameters">Hyper-parameters, for lineage.</param>
    /// <param name="metrics">Measured on rows that were held back; names as in reports.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the folder is not empty, or an algorithm that cannot be packaged. <see cref="TrainingError.UnsuitableData"/>: too large.</exception>
    public static Task<ModelPackage> WriteAsync(
        string folder, ModelName model, RecommenderBundle bundle, IReadOnlyDictionary<string, string> parameters, IReadOnlyDictionary<string, double> metrics, long seed,
        DateTimeOffset createdTime, CancellationToken cancellationToken) => WriteAsync("onnx", folder, model, bundle, parameters, metrics, seed, createdTime, cancellationToken);

    /// <summary>The same with the network as TorchScript in place of the ONNX graph: of <c>sasrec</c>, <c>two-tower</c> and <c>neumf</c>.</summary>
    /// <inheritdoc cref="WriteAsync(string, ModelName, RecommenderBundle, IReadOnlyDictionary{string, string}, IReadOnlyDictionary{string, double}, long, DateTimeOffset, CancellationToken)"/>
    public static Task<ModelPackage> WriteTorchScriptAsync(
        string folder, ModelName model, RecommenderBundle bundle, IReadOnlyDictionary<string, string> parameters, IReadOnlyDictionary<string, double> metrics, long seed,
        DateTimeOffset createdTime, CancellationToken cancellationToken) => WriteAsync("torchscript", folder, model, bundle, parameters, metrics, seed, createdTime, cancellationToken);

    private static async Task<ModelPackage> WriteAsync(
        string runtime, string folder, ModelName model, RecommenderBundle bundle, IReadOnlyDictionary<string, string> parameters, IReadOnlyDictionary<string, double> metrics, long seed,
        DateTimeOffset createdTime, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(bundle);
        ArgumentNullException.ThrowIfNull(parameters);
        if (!NewPackageFolder.IsFree(folder))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"The package folder '{folder}' is not empty; expected a new or an empty folder.");
        }

        using var made = new NewPackageFolder(folder);
        var isScript = runtime == "torchscript";
        var file = isScript ? ScriptFile : ModelFile;
        if (isScript)
        {
            RecommenderScript.Write(Path.Combine(folder, file), bundle.Model);
        }
        else
        {
            RecommenderGraph.Write(Path.Combine(folder, file), bundle.Model);
        }

        bundle.Write(Path.Combine(folder, RecommenderBundle.FileName));
        var items = bundle.Model.ItemCount;
        var isPairs = bundle.Model is NeuMfModel;
        var top = Math.Min(RecommenderGraph.TopCount, items);
        var content = new ModelPackageContent
        {
            Model = model,
            Runtime = runtime,
            ModelFile = file,
            FurtherFiles = [RecommenderBundle.FileName],
            Inputs = [.. GraphInput.Of(bundle.Model).Select(static input => new ManifestInput(input.Name, input.Dtype.ToName(), input.Shape, []))],
            Outputs = isPairs
                ? [new ManifestOutput("score", "score", "FP32", [-1, 1])]
                : [
                    new ManifestOutput("scores", "scores", "FP32", [-1, items]), new ManifestOutput("top_scores", "top_scores", "FP32", [-1, top]),
                    new ManifestOutput("top_items", "top_items", "INT64", [-1, top]),
                ],
            GoldenSamples = [GoldenOf(bundle)],
            GoldenAbsoluteTolerance = Tolerance,
            GoldenRelativeTolerance = Tolerance,
            Metrics = metrics,
            Lineage = new ModelLineage
            {
                Rows = bundle.Histories.Count,
                CodeVersion = typeof(RecommenderPackage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
                Seed = seed,
                Parameters = new Dictionary<string, string>(parameters) { ["algorithm"] = bundle.Model.Algorithm },
                CreatedTime = createdTime,
            },
        };
        var package = await ModelPackageWriter.WriteAsync(folder, content, cancellationToken).ConfigureAwait(false);
        made.Keep();
        return package;
    }

    /// <summary>The trainer's own scores of a few histories, folded in; of a model of pairs, of a few trained users.</summary>
    private static GoldenSample GoldenOf(RecommenderBundle bundle)
    {
        var (set, model) = (bundle.Histories, bundle.Model);
        int[] users = [.. Enumerable.Range(0, set.UserCount).Where(user => set.ItemsOf(user).Length > 0).Take(GoldenRows)];
        var scores = new float[model.ItemCount];
        if (model is NeuMfModel)
        {
            double[] items = [.. users.Select(user => (double)set.ItemsOf(user)[0])];
            double[] pairs = [.. users.Select((user, row) => Score(new UserHistory(set.ItemsOf(user), user), (int)items[row]))];
            return Sample([("user", [users.Length], [.. users.Select(static user => (double)user)]), ("item", [users.Length], items)], "score", [users.Length, 1], pairs);
        }

        var longest = Math.Min(GoldenHistoryMax, GraphInput.Of(model).Min(static input => input.Model is SelfAttentionModel attention ? attention.Settings.HistoryMax : int.MaxValue));
        var histories = users.Select(user => set.ItemsOf(user)[Math.Max(0, set.ItemsOf(user).Length - longest)..].ToArray()).ToArray();
        double[] all = [.. histories.SelectMany(history =>
        {
            model.Score(new UserHistory(history), scores);
            return scores.Select(static score => (double)score).ToArray();
        })];
        return Sample([.. GraphInput.Of(model).Select(input => ToTensor(input, histories))], "scores", [users.Length, model.ItemCount], all);

        double Score(UserHistory history, int item)
        {
            model.Score(history, scores);
            return scores[item];
        }
    }

    private static (string Name, long[] Shape, double[] Data) ToTensor(GraphInput input, int[][] histories)
    {
        if (input.Kind == GraphInputKind.Query)
        {
            var query = (IQueryRecommender)input.Model;
            var vector = new float[query.QueryLength];
            double[] queries = [.. histories.SelectMany(history =>
            {
                query.Query(new UserHistory(history), vector);
                return vector.Select(static value => (double)value).ToArray();
            })];
            return (input.Name, [histories.Length, vector.Length], queries);
        }

        var length = histories.Max(static history => history.Length);
        var data = new double[histories.Length * length];
        for (var row = 0; row < histories.Length; row++)
        {
            for (var place = 0; place < histories[row].Length; place++)
            {
                data[(row * length) + place] = input.Kind == GraphInputKind.History ? histories[row][place] : HistoryMarks.At(input.Model, place, histories[row].Length);
            }
        }

        return (input.Name, [histories.Length, length], data);
    }

    private static GoldenSample Sample((string Name, long[] Shape, double[] Data)[] inputs, string output, long[] shape, double[] data) => new(
        inputs.ToDictionary(static input => input.Name, static input => new GoldenTensor(input.Shape, input.Data)),
        new Dictionary<string, GoldenTensor> { [output] = new(shape, data) });
}

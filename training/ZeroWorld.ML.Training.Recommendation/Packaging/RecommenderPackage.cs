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
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"The package folder '{folder}' is not empty; expected a new or an empty folder.");
        }

        Directory.CreateDirectory(folder);
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
            Inputs = InputsOf(bundle.Model),
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
        return await ModelPackageWriter.WriteAsync(folder, content, cancellationToken).ConfigureAwait(false);
    }

    private static ManifestInput[] InputsOf(IRecommender model) => model switch
    {
        FactorModel or SampledFactorModel => [new ManifestInput("query", "FP32", [-1, ((IQueryRecommender)model).QueryLength], [])],
        NeuMfModel => [new ManifestInput("user", "INT64", [-1], []), new ManifestInput("item", "INT64", [-1], [])],
        SelfAttentionModel => [new ManifestInput("history", "INT64", [-1, -1], []), new ManifestInput("last", "FP32", [-1, -1], [])],
        _ => [new ManifestInput("history", "INT64", [-1, -1], []), new ManifestInput("weights", "FP32", [-1, -1], [])],
    };

    private static GoldenSample GoldenOf(RecommenderBundle bundle)
    {
        var (set, model) = (bundle.Histories, bundle.Model);
        int[] users = [.. Enumerable.Range(0, set.UserCount).Where(user => set.ItemsOf(user).Length > 0).Take(GoldenRows)];
        var all = new double[users.Length][];
        var scores = new float[model.ItemCount];
        if (model is NeuMfModel)
        {
            long[] items = [.. users.Select(user => (long)set.ItemsOf(user)[0])];
            return Sample(
                [("user", [users.Length], [.. users.Select(static user => (double)user)]), ("item", [users.Length], [.. items.Select(static item => (double)item)])],
                "score",
                [users.Length, 1],
                [.. users.Select((user, row) => Score(new UserHistory(set.ItemsOf(user), user), (int)items[row]))]);
        }

        if (model is IQueryRecommender and (FactorModel or SampledFactorModel))
        {
            var (query, queries) = ((IQueryRecommender)model, new List<double>());
            var vector = new float[query.QueryLength];
            for (var row = 0; row < users.Length; row++)
            {
                query.Query(new UserHistory(set.ItemsOf(users[row]), users[row]), vector);
                queries.AddRange(vector.Select(static value => (double)value));
                model.Score(new UserHistory(set.ItemsOf(users[row]), users[row]), scores);
                all[row] = [.. scores.Select(static score => (double)score)];
            }

            return Sample([("query", [users.Length, vector.Length], [.. queries])], "scores", [users.Length, model.ItemCount], [.. all.SelectMany(static row => row)]);
        }

        return OfHistories(bundle, users, all, scores);

        double Score(UserHistory history, int item)
        {
            model.Score(history, scores);
            return scores[item];
        }
    }

    private static GoldenSample OfHistories(RecommenderBundle bundle, int[] users, double[][] all, float[] scores)
    {
        var (set, model) = (bundle.Histories, bundle.Model);
        var length = Math.Min(GoldenHistoryMax, users.Max(user => set.ItemsOf(user).Length));
        var (ids, marks) = (new double[users.Length * length], new double[users.Length * length]);
        for (var row = 0; row < users.Length; row++)
        {
            var items = set.ItemsOf(users[row]);
            items = items[Math.Max(0, items.Length - length)..];
            for (var place = 0; place < items.Length; place++)
            {
                ids[(row * length) + place] = items[place];
                marks[(row * length) + place] = HistoryMarks.At(model, place, items.Length);
            }

            model.Score(new UserHistory(items), scores);
            all[row] = [.. scores.Select(static score => (double)score)];
        }

        var name = model is SelfAttentionModel ? "last" : "weights";
        return Sample([("history", [users.Length, length], ids), (name, [users.Length, length], marks)], "scores", [users.Length, model.ItemCount], [.. all.SelectMany(static row => row)]);
    }

    private static GoldenSample Sample((string Name, long[] Shape, double[] Data)[] inputs, string output, long[] shape, double[] data) => new(
        inputs.ToDictionary(static input => input.Name, static input => new GoldenTensor(input.Shape, input.Data)),
        new Dictionary<string, GoldenTensor> { [output] = new(shape, data) });
}

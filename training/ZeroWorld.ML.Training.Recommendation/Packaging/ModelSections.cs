namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Trained models as sections of a recommender file, and back.</summary>
internal static class ModelSections
{
    internal static void Write(SectionFile file, IRecommender model)
    {
        switch (model)
        {
            case ItemNeighbourModel neighbours:
                Write(file, neighbours.Recency);
                InteractionSections.Write(file, "neighbours", neighbours.Neighbours);
                break;
            case UserNeighbourModel users:
                file.Add("settings", [users.Neighbours, (float)users.Shrink]);
                break;
            case EaseModel ease:
                Write(file, ease.Recency);
                file.Add("weights", ease.Weights);
                break;
            case FactorModel factors:
                var als = factors.Solver.Settings;
                file.Add("settings", [als.Dimensions, (float)als.Regularisation, (float)als.UnobservedWeight]);
                file.Add("user_factors", factors.UserFactors);
                file.Add("item_factors", factors.ItemFactors);
                break;
            case SampledFactorModel sampled:
                Write(file, sampled.Factors, sampled.Settings);
                break;
            case NeuMfModel network:
                Write(file, network);
                break;
            case SelfAttentionModel attention:
                Write(file, attention.Settings);
                file.Add("item_vectors", attention.ItemVectors);
                file.Add("positions", attention.Positions);
                file.Add("scale", attention.Scale);
                file.Add("shift", attention.Shift);
                for (var block = 0; block < attention.Blocks.Length; block++)
                {
                    WriteAll(file, $"block_{block}", attention.Blocks[block]);
                }

                break;
            case TwoTowerModel towers:
                Write(file, towers.Settings);
                file.Add("item_vectors", towers.ItemVectors);
                file.Add("item_inputs", towers.Inputs);
                WriteAll(file, "layer", towers.Layers);
                break;
            case ContentModel content:
                // Its attributes are the bundle's.
                Write(file, content.Recency);
                break;
            case HybridModel hybrid:
                file.Add("parts", hybrid.Parts.Select(static part => part.Model.Algorithm));
                file.Add("part_weights", [.. hybrid.Parts.Select(static part => part.Weight)]);
                for (var part = 0; part < hybrid.Parts.Count; part++)
                {
                    Write(file.Within($"part_{part}"), hybrid.Parts[part].Model);
                }

                break;
            default:
                throw new TrainingException(
                    TrainingError.InvalidInput,
                    $"The algorithm '{model.Algorithm}' cannot be packaged; expected one of {string.Join(", ", RecommendationTraining.Algorithms)}.");
        }
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: an unknown algorithm, or sections that do not fit each other.</exception>
    internal static IRecommender Read(SectionFile file, string algorithm, InteractionSet histories, ItemAttributes? attributes)
    {
        var (users, items) = (histories.UserCount, histories.ItemCount);
        switch (algorithm)
        {
            case "item-neighbours":
                return new ItemNeighbourModel(algorithm, InteractionSections.Read(file, "neighbours", items), ReadRecency(file));
            case "user-neighbours":
                var settings = Settings(file, 2);
                return new UserNeighbourModel(algorithm, histories, (int)settings[0], settings[1]);
            case "ease":
                return new EaseModel(algorithm, Floats(file, "weights", (long)items * items), items, ReadRecency(file));
            case "als":
                var als = Settings(file, 3);
                var stride = DenseKernels.Pad(Size(als[0]));
                var factors = Floats(file, "item_factors", (long)items * stride);
                var solver = new AlsSolver(factors, items, stride, new ImplicitAlsSettings { Dimensions = (int)als[0], Regularisation = als[1], UnobservedWeight = als[2] });
                return new FactorModel(algorithm, Floats(file, "user_factors", (long)users * stride), factors, stride, solver);
            case "mf":
                var (sampled, sampledSettings) = ReadSampled(file, users, items);
                return new SampledFactorModel(algorithm, sampled, sampledSettings);
            case "neumf":
                return ReadNetwork(file, algorithm, users, items);
            case "sasrec":
                var sequence = ReadSequence(file);
                var (size, hidden) = (sequence.Dimensions, sequence.Hidden);
                int[] shapes = [size, size, size * size, size * size, size * size, size * size, size, size, hidden * size, hidden, size * hidden, size];
                var blocks = Enumerable.Range(0, sequence.Blocks).Select(block => ReadAll(file, $"block_{block}", shapes)).ToArray();
                return new SelfAttentionModel(
                    algorithm, sequence, Floats(file, "item_vectors", (long)items * size), Floats(file, "positions", (long)sequence.HistoryMax * size), blocks,
                    Floats(file, "scale", size), Floats(file, "shift", size));
            case "two-tower":
                var towers = ReadSequence(file);
                int[] layers = [towers.Hidden * towers.Dimensions, towers.Hidden, towers.Dimensions * towers.Hidden, towers.Dimensions];
                return new TwoTowerModel(
                    algorithm, towers, Floats(file, "item_inputs", (long)items * towers.Dimensions), Floats(file, "item_vectors", (long)items * towers.Dimensions),
                    ReadAll(file, "layer", layers));
            case "content":
                InteractionSections.Check("attributes", attributes is not null);
                return new ContentModel(algorithm, attributes!, items, ReadRecency(file));
            case "hybrid":
                return ReadHybrid(file, algorithm, histories, attributes);
            default:
                throw new TrainingException(TrainingError.UnsuitableData, $"The recommender file is of the algorithm '{algorithm}', which this build does not know.");
        }
    }

    private static HybridModel ReadHybrid(SectionFile file, string algorithm, InteractionSet histories, ItemAttributes? attributes)
    {
        var parts = file.Texts("parts");
        InteractionSections.Check("parts", parts.Length is >= 1 and <= HybridTrainer.PartsMax && !parts.Contains("hybrid"));
        var weights = Floats(file, "part_weights", parts.Length);
        InteractionSections.Check("part_weights", Array.TrueForAll(weights, static weight => weight >= 0));
        return new HybridModel(algorithm, [.. parts.Select((part, place) => (Read(file.Within($"part_{place}"), part, histories, attributes), weights[place]))]);
    }

    private static void Write(SectionFile file, RecencyWeights recency) => file.Add("recency", [(float)recency.Decay, recency.RecentMax]);

    private static RecencyWeights ReadRecency(SectionFile file)
    {
        var values = Floats(file, "recency", 2);
        InteractionSections.Check("recency", values[0] is > 0 and <= 1 && values[1] is >= 0 and <= int.MaxValue);
        return new RecencyWeights(values[0], (int)values[1]);
    }

    private static void Write(SectionFile file, BiasedFactors factors, SampledFactorSettings settings)
    {
        file.Add("settings", [settings.Dimensions, (float)settings.LearningRate, (float)settings.Regularisation, settings.Negatives, factors.Bias]);
        file.Add("user_factors", factors.Users);
        file.Add("item_factors", factors.Items);
    }

    private static (BiasedFactors Factors, SampledFactorSettings Settings) ReadSampled(SectionFile file, int users, int items)
    {
        var values = Settings(file, 5);
        var settings = new SampledFactorSettings { Dimensions = Size(values[0]), LearningRate = values[1], Regularisation = values[2], Negatives = Size(values[3]) };
        var stride = BiasedFactors.StrideOf(settings.Dimensions);
        return (new BiasedFactors(
            Floats(file, "user_factors", (long)users * stride), Floats(file, "item_factors", (long)items * stride), settings.Dimensions, values[4]), settings);
    }

    private static void Write(SectionFile file, NeuMfModel model)
    {
        var network = model.Network;
        Write(file, network.Factors, model.Settings.Factors);
        file.Add("layers", [.. model.Settings.Layers]);
        file.Add("embedding_rate", [(float)model.Settings.EmbeddingRate]);
        file.Add("user_inputs", network.UserInputs);
        file.Add("item_inputs", network.ItemInputs);
        file.Add("factor_weights", network.FactorWeights);
        file.Add("output_weights", network.OutputWeights);
        WriteAll(file, "layer", [.. network.Layers.Select(static layer => (float[])[.. layer.Weights, .. layer.Biases])]);
    }

    private static NeuMfModel ReadNetwork(SectionFile file, string algorithm, int users, int items)
    {
        var (factors, settings) = ReadSampled(file, users, items);
        var sizes = file.Integers("layers");
        var neumf = new NeuMfSettings { Factors = settings, Layers = sizes, EmbeddingRate = Floats(file, "embedding_rate", 1)[0] };
        neumf.Check();
        int[] lengths = [.. sizes.Skip(1).Select((outputs, layer) => (sizes[layer] + 1) * outputs)];
        var layers = ReadAll(file, "layer", lengths).Select((values, layer) => new PerceptronLayer(sizes[layer], sizes[layer + 1], values)).ToArray();
        var network = new NeuMfNetwork(
            factors, Floats(file, "user_inputs", (long)users * sizes[0] / 2), Floats(file, "item_inputs", (long)items * sizes[0] / 2), layers,
            Floats(file, "factor_weights", factors.Stride), Floats(file, "output_weights", sizes[^1]));
        return new NeuMfModel(algorithm, network, neumf);
    }

    private static void Write(SectionFile file, SequenceSettings settings) =>
        file.Add("settings", [settings.Dimensions, settings.HistoryMax, settings.Blocks, settings.Heads, settings.Hidden, (float)settings.Decay]);

    private static SequenceSettings ReadSequence(SectionFile file)
    {
        var values = Settings(file, 6);
        var settings = new SequenceSettings
        {
            Dimensions = Size(values[0]), HistoryMax = Size(values[1]), Blocks = Size(values[2]), Heads = Size(values[3]), Hidden = Size(values[4]), Decay = values[5],
        };
        settings.Check();
        return settings;
    }

    private static void WriteAll(SectionFile file, string name, float[][] arrays)
    {
        for (var index = 0; index < arrays.Length; index++)
        {
            file.Add($"{name}_{index}", arrays[index]);
        }
    }

    private static float[][] ReadAll(SectionFile file, string name, int[] lengths) => [.. lengths.Select((length, index) => Floats(file, $"{name}_{index}", length))];

    private static float[] Settings(SectionFile file, int length) => Floats(file, "settings", length);

    private static int Size(float value)
    {
        InteractionSections.Check("settings", value is >= 1 and <= 1 << 20 && float.IsInteger(value));
        return (int)value;
    }

    private static float[] Floats(SectionFile file, string name, long length)
    {
        var values = file.Floats(name);
        InteractionSections.Check(name, values.Length == length);
        foreach (var value in values)
        {
            InteractionSections.Check(name, float.IsFinite(value));
        }

        return values;
    }
}

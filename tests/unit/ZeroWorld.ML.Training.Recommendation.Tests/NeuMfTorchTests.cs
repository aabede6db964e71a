namespace ZeroWorld.ML.Training.Recommendation.Tests;

/// <summary>NeuMF in TorchSharp, and the kernels held to its automatic differentiation.</summary>
public sealed class NeuMfTorchTests
{
    private static NeuMfSettings Settings(NeuMfEngine engine) => new()
    {
        Factors = new SampledFactorSettings { Dimensions = 8, LearningRate = 0.1, Epochs = 10, Negatives = 4 }, Layers = [32, 16], Epochs = 3, Engine = engine,
    };

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void Step_OnePair_MovesTheRowsAsTheKernel(float label)
    {
        var settings = Settings(NeuMfEngine.TorchSharp);
        NeuMfNetwork Start() => NeuMfNetwork.Start(BiasedFactors.Start(5, 7, 8, 0.3, 4), 5, settings.Layers, 9);
        var kernel = Start();
        kernel.Update(kernel.Factors.User(2), kernel.UserInput(2), 3, label, new NeuMfStep(0.05f, (float)settings.Factors.Regularisation, true), kernel.NewScratch());
        using var fit = new NeuMfTorchFit(Start(), settings) { Rate = 0.05f };

        fit.Take(2, 3, label);
        fit.Step();

        var torch = fit.ToNetwork();
        AssertNear(kernel.Factors.Users, torch.Factors.Users);
        AssertNear(kernel.Factors.Items, torch.Factors.Items);
        AssertNear(kernel.UserInputs, torch.UserInputs);
        AssertNear(kernel.ItemInputs, torch.ItemInputs);
        Assert.NotEqual(Start().Layers[0].Weights.ToArray(), torch.Layers[0].Weights.ToArray());
    }

    [Fact]
    public void Fit_TorchSharp_LearnsWhatTheKernelsLearn()
    {
        var split = InteractionSplits.LeaveLastOut(Sets.TwoTastes());

        var (kernel, torch) = (Measure(NeuMfEngine.Kernel), Measure(NeuMfEngine.TorchSharp));

        Assert.True(torch > 0.55, $"{torch}");
        Assert.Equal(kernel, torch, 0.1);

        double Measure(NeuMfEngine engine) =>
            RankingEvaluation.Full(new NeuMfTrainer(Settings(engine)).Fit(split.Train, 1, Sets.Token), split, new RankingOptions(), Sets.Token).HitRate;
    }

    [Fact]
    public void Fit_TorchSharpTwice_GivesTheSameModel()
    {
        var (first, second) = (new float[40], new float[40]);

        new NeuMfTrainer(Settings(NeuMfEngine.TorchSharp)).Fit(Sets.Tastes, 3, Sets.Token).Score(new UserHistory(Sets.Tastes.ItemsOf(5), 5), first);
        new NeuMfTrainer(Settings(NeuMfEngine.TorchSharp)).Fit(Sets.Tastes, 3, Sets.Token).Score(new UserHistory(Sets.Tastes.ItemsOf(5), 5), second);

        Assert.Equal(first, second);
    }

    private static void AssertNear(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), static pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }
}

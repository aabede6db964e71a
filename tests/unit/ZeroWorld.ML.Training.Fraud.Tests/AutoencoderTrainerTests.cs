namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class AutoencoderTrainerTests : IDisposable
{
    private static readonly Lazy<TrainingTable> Rows = new(static () => SyntheticTransactions.Table(4, 500));
    private static readonly AutoencoderSettings Settings = new() { Hidden = 8, Code = 3, EpochsMax = 8, Patience = 8, EpochRowsMax = 1_000 };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AddGradient_AnyRow_IsThatOfFiniteDifferences()
    {
        var network = new AutoencoderNetwork(5, 4, 2, seed: 3);
        float[] row = [0.5f, -1, 2, 0.1f, -0.3f];
        var gradient = new AutoencoderNetwork(5, 4, 2, seed: 3);
        gradient.ClearGradient();
        gradient.AddGradient(row, 1);

        // One plain step of Adam from nothing leaves a tenth of the gradient in the first moments.
        var adam = new Adam(network.Weights.Length);
        gradient.Step(adam, 1e-3);
        for (var index = 0; index < network.Weights.Length; index++)
        {
            const float Step = 1e-2f;
            var before = network.Weights[index];
            network.Weights[index] = before + Step;
            var above = network.Error(row);
            network.Weights[index] = before - Step;
            var below = network.Error(row);
            network.Weights[index] = before;

            var expected = (above - below) / (2 * Step);
            Assert.Equal(expected, adam.First[index] / 0.1, 2e-3);
        }
    }

    [Fact]
    public void Fit_KilledAndTakenUp_GivesTheSameBytesAsOneThatWasNeverStopped()
    {
        var trainer = new AutoencoderTrainer(Settings);
        var whole = LogOdds(trainer.Fit(Rows.Value, Train, 7, Cancellation));
        using var kill = new CancellationTokenSource();
        var writes = 0;
        var checkpoint = Checkpoint();
        checkpoint.Written = () =>
        {
            if (++writes == 3)
            {
                kill.Cancel();
            }
        };

        Assert.Throws<OperationCanceledException>(() => trainer.Fit(Rows.Value, Train, 7, checkpoint, kill.Token));
        var taken = Checkpoint();
        var rest = 0;
        taken.Written = () => rest++;
        var resumed = LogOdds(trainer.Fit(Rows.Value, Train, 7, taken, Cancellation));

        Assert.Equal((3, 5), (writes, rest));
        Assert.Equal(whole, resumed);

        // A fit that is done is not done again.
        var done = Checkpoint();
        done.Written = static () => Assert.Fail("A pass was made again.");
        Assert.Equal(whole, LogOdds(trainer.Fit(Rows.Value, Train, 7, done, Cancellation)));
    }

    [Theory]
    [InlineData("damaged")]
    [InlineData("of another fit")]
    [InlineData("cut")]
    public void Fit_CheckpointThatIsNoUse_StartsAnew(string kind)
    {
        var trainer = new AutoencoderTrainer(Settings);
        using var kill = new CancellationTokenSource();
        var checkpoint = Checkpoint(kind == "of another fit" ? "other" : "fit");
        checkpoint.Written = kill.Cancel;
        Assert.Throws<OperationCanceledException>(() => trainer.Fit(Rows.Value, Train, 7, checkpoint, kill.Token));
        var bytes = File.ReadAllBytes(_folder.File("fit.checkpoint"));
        if (kind != "of another fit")
        {
            bytes[^5] ^= 1;
            File.WriteAllBytes(_folder.File("fit.checkpoint"), kind == "cut" ? bytes[..40] : bytes);
        }

        var anew = Checkpoint();
        var writes = 0;
        anew.Written = () => writes++;

        Assert.Equal(LogOdds(trainer.Fit(Rows.Value, Train, 7, Cancellation)), LogOdds(trainer.Fit(Rows.Value, Train, 7, anew, Cancellation)));
        Assert.Equal(Settings.EpochsMax, writes);
    }

    [Fact]
    public void Fit_HeldOutRowsGetNoBetter_StopsAndKeepsTheBestPass()
    {
        // A step far too large: the loss is best early, and grows.
        var settings = Settings with { EpochsMax = 500, Patience = 3, LearningRate = 0.9, EpochRowsMax = 256 };
        var passes = 0;
        var checkpoint = Checkpoint();
        checkpoint.Written = () => passes++;

        var model = new AutoencoderTrainer(settings).Fit(Rows.Value, Train, 1, checkpoint, Cancellation);

        Assert.InRange(passes, 4, 499);
        var kept = new AutoencoderTrainer(settings with { EpochsMax = passes - 3 }).Fit(Rows.Value, Train, 1, Cancellation);
        Assert.Equal(LogOdds(kept), LogOdds(model));
    }

    [Fact]
    public void AutoencoderTrainer_SettingOutOfRange_IsRefusedByName()
    {
        Assert.Contains("Code is 0", Assert.Throws<TrainingException>(() => new AutoencoderTrainer(Settings with { Code = 0 })).Message, StringComparison.Ordinal);
        Assert.Contains("Patience is 0", Assert.Throws<TrainingException>(() => new AutoencoderTrainer(Settings with { Patience = 0 })).Message, StringComparison.Ordinal);
    }

    private static int[] Train => [.. Enumerable.Range(0, 1_500)];

    private static double[] LogOdds(AutoencoderModel model) => model.LogOdds(Rows.Value, Enumerable.Range(1_500, 500).ToArray(), Cancellation);

    private FitCheckpoint Checkpoint(string key = "fit") => new(_folder.File("fit.checkpoint"), key);
}

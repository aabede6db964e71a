using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Training.Tests;

public sealed class FitCheckpointTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TryRead_WrittenTwice_HasTheLaterState()
    {
        var checkpoint = new CheckpointFolder(_folder.Combine("run"), "data").For("fit 1");
        Assert.Null(checkpoint.TryRead());

        checkpoint.Write([1, 2, 3]);
        checkpoint.Write([4, 5]);

        Assert.Equal([4, 5], new CheckpointFolder(_folder.Combine("run"), "data").For("fit 1").TryRead());
        Assert.Null(new CheckpointFolder(_folder.Combine("run"), "other data").For("fit 1").TryRead());
        Assert.Null(new CheckpointFolder(_folder.Combine("run"), "data").For("fit 2").TryRead());
    }

    [Fact]
    public void Write_DiskFull_SaysSoAndKeepsTheStateBefore()
    {
        using var disk = SmallDisk.Mount(_folder.Combine("disk"), "256k");
        var folder = new CheckpointFolder(Path.Combine(disk.Path, "run"), "data");
        var checkpoint = folder.For("fit");
        checkpoint.Write(new byte[1000]);

        var exception = Assert.Throws<TrainingException>(() => checkpoint.Write(new byte[1 << 20]));

        Assert.Equal(TrainingError.CheckpointFailed, exception.Error);
        Assert.Contains("No space left on device", exception.Message, StringComparison.Ordinal);
        Assert.Equal(1000, checkpoint.TryRead()!.Length);
        checkpoint.Write(new byte[2000]);
        Assert.Equal(2000, checkpoint.TryRead()!.Length);
        Assert.Single(Directory.EnumerateFiles(Path.Combine(disk.Path, "run")));
    }

    [Fact]
    public void Delete_OfTheFolder_LeavesNothing()
    {
        var folder = new CheckpointFolder(_folder.Combine("run"), "data");
        folder.Delete();
        folder.For("fit").Write([1]);

        folder.Delete();

        Assert.False(Directory.Exists(_folder.Combine("run")));
    }

    [Fact]
    public void Observe_LossesOfAFit_FindsTheBestStepAndTheEnd()
    {
        var stopping = new EarlyStopping(patience: 2);
        double[] losses = [3, 2, 2, double.NaN, 1];
        var seen = new List<(bool IsBest, bool IsOver)>();

        for (var step = 1; step <= losses.Length; step++)
        {
            seen.Add((stopping.Observe(step, losses[step - 1]), stopping.IsOver(step)));
        }

        Assert.Equal([(true, false), (true, false), (false, false), (false, true), (true, false)], seen);
        Assert.Equal((5, 1.0), (stopping.BestStep, stopping.BestLoss));
        Assert.True(new EarlyStopping(2, bestStep: 2, bestLoss: 2).IsOver(4));
    }
}

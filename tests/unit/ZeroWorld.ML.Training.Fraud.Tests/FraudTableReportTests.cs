using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud.Tests;

/// <summary>What a training on a table tells of what it did: class balances, early stopping, reasons from raw columns.</summary>
public sealed class FraudTableReportTests : FraudTableTests
{
    [Fact]
    public async Task RunAsync_AllBalances_TriesEachAndLeavesAnomalyDetectorsAlone()
    {
        var settings = Quick with
        {
            Algorithms = [FraudAlgorithms.Logistic, FraudAlgorithms.IsolationForest], Balances = [ClassBalance.Plain, ClassBalance.Weights, ClassBalance.Undersampling],
        };

        var result = await RunAsync(TableFrames.Make(3_000), settings);

        Assert.Equal(
            [(FraudAlgorithms.Logistic, ClassBalance.Plain, 3), (FraudAlgorithms.Logistic, ClassBalance.Weights, 3), (FraudAlgorithms.Logistic, ClassBalance.Undersampling, 3), (FraudAlgorithms.IsolationForest, ClassBalance.Plain, 2)],
            result.Trials.GroupBy(static trial => (trial.Algorithm, trial.Balance)).Select(static group => (group.Key.Algorithm, group.Key.Balance, group.Count())));
        Assert.All(result.Trials.Where(static trial => trial.Balance == ClassBalance.Weights), static trial => Assert.InRange(double.Parse(trial.Parameters["positive_weight"], System.Globalization.CultureInfo.InvariantCulture), 2, 30));
        Assert.All(result.Trials.Where(static trial => trial.Balance == ClassBalance.Undersampling), static trial => Assert.Equal("10", trial.Parameters["negatives_per_positive"]));
        Assert.Equal(result.Trials.Count, result.Trials.Select(static trial => trial.Key).Distinct().Count());
    }

    [Theory]
    [InlineData(ClassBalance.Weights)]
    [InlineData(ClassBalance.Undersampling)]
    public async Task RunAsync_DistortedProbabilities_AreCalibrated(ClassBalance balance)
    {
        // Three of four positives go, so that there are more than ten negatives for each that stays.
        var frame = TableFrames.Make(8_000);
        var labels = frame.Get<long>("bad");
        for (var (row, seen) = (0, 0); row < labels.Length; row++)
        {
            labels[row] = labels[row] == 1 && seen++ % 4 == 0 ? 1 : 0;
        }

        var result = await RunAsync(frame, Quick with { Balances = [balance] });

        var share = (double)result.TestLabels.Count(static label => label) / result.TestLabels.Count;
        Assert.NotEqual("none", result.Calibration);
        Assert.InRange(result.TestScores.Average(), share / 2, share * 2);
    }

    [Fact]
    public async Task RunAsync_BalanceTwice_IsRefused() =>
        await RefusedAsync(TableFrames.Make(500), Quick with { Balances = [ClassBalance.Weights, ClassBalance.Weights] }, TrainingError.InvalidInput, "balance: Weights, Weights; expected each of Plain, Weights, Undersampling once");

    [Fact]
    public async Task RunAsync_EarlyStopping_TellsHowManyTreesEachSeedKept()
    {
        var stopped = await RunAsync(TableFrames.Make(2_000), Quick with { Algorithms = [FraudAlgorithms.LightGbm], EarlyStopping = 5, Seeds = [1, 2, 3] });
        var whole = await RunAsync(TableFrames.Make(2_000), Quick with { Algorithms = [FraudAlgorithms.Logistic] }, folder: "whole");

        Assert.Equal(3, stopped.StoppedAfter.Count);
        Assert.All(stopped.StoppedAfter, static trees => Assert.InRange(trees, 1, 1_999));
        Assert.Empty(whole.StoppedAfter);
    }

    [Theory]
    [InlineData(FraudAlgorithms.Logistic)]
    [InlineData(FraudAlgorithms.LightGbm)]
    public async Task RunAsync_ReasonsOfRawInputs_AddUpToTheLogOddsOfTheGraph(string algorithm)
    {
        var result = await RunAsync(TableFrames.Make(3_000), Quick with { Algorithms = [algorithm], Calibration = CalibrationMethod.None });

        var reasons = ReasonModel.Read(Path.Combine(result.Package.Directory, ReasonModel.FileName));
        var sample = Assert.Single(await GoldenSamples.ReadAsync(result.Package, Cancellation));
        var scores = sample.Outputs["probability"].Data;
        var encoding = reasons.Encoding!;
        var features = new float[encoding.FeatureCount];
        for (var row = 0; row < scores.Count; row++)
        {
            var numbers = new float[encoding.Medians.Count];
            for (var column = 0; column < encoding.RawNumbers; column++)
            {
                numbers[column] = (float)sample.Inputs[FeatureEncoding.NumbersInput].Data[(row * encoding.RawNumbers) + column];
            }

            encoding.Clock!.Encode([sample.Inputs[FeatureEncoding.TimesInput].Data[row]], numbers.AsSpan(encoding.RawNumbers));
            var texts = sample.Inputs[FeatureEncoding.TextsInput].Texts!.Skip(row * encoding.Texts.Count).Take(encoding.Texts.Count).ToArray();
            encoding.Encode(numbers, texts, features);
            var explained = reasons.Explain(features);

            Assert.Equal(Math.Log(scores[row] / (1 - scores[row])), reasons.BaseValue + explained.Sum(static reason => reason.Contribution), 1e-3);
            Assert.All(explained, static reason => Assert.Contains(reason.Column, (string[])["amount", "age", "channel", "shop", "hour of at"]));
        }

        Assert.Equal(reasons.Columns.Count, result.Importance.Count);
        Assert.Contains(ReasonModel.FileName, result.Package.Manifest.Files.Keys);
    }

    [Fact]
    public async Task RunAsync_NeitherTreesNorLinear_HasNoReasons()
    {
        var result = await RunAsync(TableFrames.Make(3_000), Quick with { Algorithms = [FraudAlgorithms.Autoencoder] });

        Assert.Empty(result.Importance);
        Assert.DoesNotContain(ReasonModel.FileName, result.Package.Manifest.Files.Keys);
    }
}

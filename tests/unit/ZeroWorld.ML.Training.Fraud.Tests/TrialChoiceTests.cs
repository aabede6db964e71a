namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class TrialChoiceTests
{
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    [Fact]
    public void Of_LessTrustedBetterByLuck_KeepsTheTrustedAndSaysSo()
    {
        var notes = new List<string>();

        var chosen = TrialChoice.Of([Trial(0, FraudAlgorithms.Logistic, 0.9, 0.1, 0.5), Trial(1, FraudAlgorithms.LightGbm, 0.5, 0.4, 0.5)], 400, notes);

        Assert.Equal(FraudAlgorithms.LightGbm, chosen.Algorithm);
        Assert.Contains("logistic-regression had 0.0333 more average precision than lightgbm on the 3 validation folds", Assert.Single(notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_LessTrustedBetterInEveryFold_TakesIt()
    {
        var notes = new List<string>();

        var chosen = TrialChoice.Of([Trial(0, FraudAlgorithms.LightGbm, 0.5, 0.4, 0.6), Trial(1, FraudAlgorithms.Logistic, 0.53, 0.44, 0.63)], 400, notes);

        Assert.Equal(FraudAlgorithms.Logistic, chosen.Algorithm);
        Assert.Empty(notes);
    }

    [Fact]
    public void Of_TrialThatWasDropped_IsNotTakenHoweverItsFirstFoldWas()
    {
        var chosen = TrialChoice.Of([Trial(0, FraudAlgorithms.Logistic, 0.5, 0.4, 0.6), Trial(1, FraudAlgorithms.LightGbm, 0.9)], 400, []);

        Assert.Equal(0, chosen.Index);
    }

    [Theory]
    [InlineData(39, FraudAlgorithms.Logistic)]
    [InlineData(40, FraudAlgorithms.LightGbm)]
    public void Of_NobodyBetterForSure_TrustsALineBelowFortyPositives(int positives, string algorithm)
    {
        var chosen = TrialChoice.Of([Trial(0, FraudAlgorithms.Logistic, 0.5, 0.3), Trial(1, FraudAlgorithms.LightGbm, 0.3, 0.5)], positives, []);

        Assert.Equal(algorithm, chosen.Algorithm);
    }

    [Theory]
    [InlineData(20, FraudAlgorithms.Logistic)]
    [InlineData(400, FraudAlgorithms.LightGbm)]
    public void Of_NobodyBetterForSure_TrustsTheMeanOfALineAndTreesMost(int positives, string greatest)
    {
        var chosen = TrialChoice.Of([Trial(0, FraudAlgorithms.LogisticTrees, 0.5, 0.3), Trial(1, greatest, 0.4, 0.5)], positives, []);

        Assert.Equal(FraudAlgorithms.LogisticTrees, chosen.Algorithm);
    }

    [Fact]
    public void Of_FewPositivesAndTreesBetterInEveryFold_TakesTrees()
    {
        var chosen = TrialChoice.Of([Trial(0, FraudAlgorithms.Logistic, 0.5, 0.3), Trial(1, FraudAlgorithms.LightGbm, 0.6, 0.41)], 20, []);

        Assert.Equal(FraudAlgorithms.LightGbm, chosen.Algorithm);
    }

    [Fact]
    public void Of_OneFold_TakesTheGreatest()
    {
        var chosen = TrialChoice.Of([Trial(0, FraudAlgorithms.Logistic, 0.51), Trial(1, FraudAlgorithms.LightGbm, 0.5), Trial(2, FraudAlgorithms.IsolationForest, 0.2)], 400, []);

        Assert.Equal(0, chosen.Index);
    }

    [Fact]
    public void Of_EqualTrialsOfOneAlgorithm_TakesTheEarlier()
    {
        var chosen = TrialChoice.Of([Trial(0, FraudAlgorithms.LightGbm, 0.4, 0.4), Trial(1, FraudAlgorithms.LightGbm, 0.5, 0.5), Trial(2, FraudAlgorithms.LightGbm, 0.6, 0.4)], 400, []);

        Assert.Equal(1, chosen.Index);
    }

    private static TableTrial Trial(int index, string algorithm, params double[] folds) => new(index, algorithm, None, folds);
}

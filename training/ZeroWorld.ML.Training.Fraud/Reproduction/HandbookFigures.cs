namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Published figures of the handbook, and the bars that the best model of the house is held to.</summary>
internal readonly record struct HandbookFigures(double? AucRoc, double? AveragePrecision, double? CardPrecision, double? Brier)
{
    internal static HandbookFigures ChapterThreeBars { get; } = new(0.868, 0.660, 0.288, null);

    internal static HandbookFigures PrequentialBars { get; } = new(null, 0.694, 0.304, 0.0030);

    /// <summary>Chapter 3, table of the baseline models.</summary>
    internal static HandbookFigures ChapterThree(string algorithm) => algorithm switch
    {
        FraudAlgorithms.Logistic => new(0.871, 0.606, 0.291, null),
        FraudAlgorithms.RandomForest => new(0.867, 0.658, 0.287, null),
        FraudAlgorithms.FastTree or FraudAlgorithms.LightGbm => new(0.862, 0.639, 0.273, null),
        _ => default,
    };

    /// <summary>Chapters 5 to 7, mean over the four test folds; boosted trees are compared with the book's XGBoost.</summary>
    internal static HandbookFigures Prequential(string algorithm) => algorithm switch
    {
        FraudAlgorithms.Logistic => new(0.868, 0.623, 0.297, null),
        FraudAlgorithms.RandomForest => new(0.870, 0.678, 0.299, 0.0030),
        FraudAlgorithms.FastTree or FraudAlgorithms.LightGbm => new(0.872, 0.694, 0.304, null),
        _ => default,
    };
}

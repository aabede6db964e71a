namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Fits on the same rows that differ by their seed. Thread safe; disposed when the last fit is done.</summary>
internal interface ITreeFits : IDisposable
{
    /// <param name="isAlone">Whether no other fit runs beside it, so that it may use all processors.</param>
    /// <param name="grown">Where a fit that takes long keeps the trees it has, if its library can go on from them; <see langword="null"/>: nowhere.</param>
    /// <returns>The same trees, alone or not, and whether it went on or not.</returns>
    IFittedTrees Fit(int seed, bool isAlone, FitCheckpoint? grown, CancellationToken cancellationToken);
}

using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud.Tests;

/// <summary>Trainings on made tables, in a folder of their own.</summary>
public abstract class FraudTableTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2024, 2, 3, 4, 5, 6, TimeSpan.Zero);

    private protected static FraudTableSettings Quick { get; } = new() { Algorithms = [FraudAlgorithms.Logistic], CardsPerDay = 5 };

    private protected TemporaryFolder Folder { get; } = new();

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static ColumnFrame With<T>(string column, Action<T[]> change)
    {
        var frame = TableFrames.Make(3_000);
        change(frame.Get<T>(column));
        return frame;
    }

    private protected async Task RefusedAsync(
        ColumnFrame frame, FraudTableSettings settings, TrainingError error, string part, ColumnFrame? test = null, FraudTableColumns? columns = null)
    {
        var exception = await Assert.ThrowsAsync<TrainingException>(() => RunAsync(frame, settings, test: test, columns: columns, folder: Guid.NewGuid().ToString("N")));
        Assert.Contains(part, exception.Message, StringComparison.Ordinal);
        Assert.Equal(error, exception.Error);
    }

    private protected async Task<FraudTableResult> RunAsync(
        ColumnFrame frame,
        FraudTableSettings settings,
        ColumnFrame? test = null,
        FraudTableColumns? columns = null,
        ModelPackage? champion = null,
        string folder = "package",
        IReadOnlyDictionary<string, IReadOnlyList<double>>? known = null,
        Action<TableTrial>? onTrial = null,
        IReadOnlyDictionary<string, FeatureType>? types = null)
    {
        var request = RequestOf(frame, settings, folder) with
        {
            Types = types ?? TableFrames.Types,
            Columns = columns ?? TableFrames.Columns,
            Test = test,
            Champion = champion,
            KnownTrials = known ?? new Dictionary<string, IReadOnlyList<double>>(),
            OnTrial = trial =>
            {
                onTrial?.Invoke(trial);
                return Task.CompletedTask;
            },
        };
        return await new FraudTableTraining(new FakeTimeProvider(Now)).RunAsync(request, null, Cancellation);
    }

    private protected FraudTableRequest RequestOf(ColumnFrame frame, FraudTableSettings settings, string folder) => new()
    {
        Frame = frame,
        Types = TableFrames.Types,
        Columns = TableFrames.Columns,
        Settings = settings,
        DataFingerprint = new string('a', 64),
        OutputDirectory = Folder.File(folder),
        Scorer = new PackageScorer(),
    };

    private sealed class PackageScorer : IModelScorer
    {
        public Task<float[]> ScoreAsync(ModelPackage package, ReadOnlyMemory<float> features, int rows, string output, CancellationToken cancellationToken)
        {
            using var session = new OnnxSession(package.ModelPath);
            return Task.FromResult(session.Score(features, rows));
        }

        public Task<float[]> ScoreAsync(ModelPackage package, IReadOnlyDictionary<string, GoldenTensor> inputs, string output, CancellationToken cancellationToken)
        {
            using var session = new OnnxSession(package.ModelPath);
            return Task.FromResult(session.Score(inputs));
        }
    }
}

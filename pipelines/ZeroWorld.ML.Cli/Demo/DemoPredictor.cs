using System.Diagnostics;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary>Predicts a sample over gRPC and compares each answer's features with the training set.</summary>
internal static class DemoPredictor
{
    private const int WarmUp = 50;

    // On a busy machine a feature read may miss the feature timeout: the answer then says UNAVAILABLE, and is asked for again as a caller would.
    private const int AttemptsMax = 5;

    // More than that is no busy machine but an ill store: the report then says so.
    private const int LateMax = 50;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    public static async Task<DemoPredictions> RunAsync(
        ZeroWorldClient client, DemoSample sample, int shown, IProgress<double> progress, CancellationToken cancellationToken)
    {
        // The first calls pay for the connection and for compilation, which is no property of the server.
        for (var index = 0; index < Math.Min(WarmUp, sample.Count); index++)
        {
            await client.Predictions.PredictAsync(sample.ToRequest(index, ""), cancellationToken: cancellationToken);
        }

        var milliseconds = new double[sample.Count];
        var differences = new List<string>();
        var late = 0;
        var statuses = new SortedDictionary<FeatureStatus, long>();
        var chosen = ChooseShown(sample, shown);
        var answers = new List<ShownPrediction>();
        for (var index = 0; index < sample.Count; index++)
        {
            var request = sample.ToRequest(index, "");
            var started = Stopwatch.GetTimestamp();
            var answer = await client.Predictions.PredictAsync(request, cancellationToken: cancellationToken);
            milliseconds[index] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            for (var attempt = 1; attempt < AttemptsMax && late < LateMax && IsLate(answer); attempt++)
            {
                late++;
                await Task.Delay(RetryDelay, cancellationToken);
                answer = await client.Predictions.PredictAsync(request, cancellationToken: cancellationToken);
            }

            differences.AddRange(sample.Compare(index, answer.Features));
            foreach (var status in answer.Features.SelectMany(static feature => feature.Statuses))
            {
                statuses[status] = statuses.GetValueOrDefault(status) + 1;
            }

            if (chosen.Contains(index))
            {
                answers.Add(new ShownPrediction(
                    sample.TransactionId(index), sample.CustomerId(index), sample.TerminalId(index), sample.Amount(index), sample.Time(index), sample.IsFraud(index), answer));
            }

            progress.Report((index + 1.0) / sample.Count);
        }

        return new DemoPredictions(
            [.. answers.OrderByDescending(static answer => answer.IsFraud)], sample.Count, LatencySummary.Of(milliseconds), late, differences, statuses);
    }

    private static bool IsLate(PredictResponse answer) =>
        answer.Features.Any(static feature => feature.Statuses.Contains(FeatureStatus.Unavailable));

    /// <summary>Frauds for the first half, genuine transactions for the rest, so that a reader sees both.</summary>
    private static HashSet<int> ChooseShown(DemoSample sample, int shown)
    {
        var all = Enumerable.Range(0, sample.Count).ToList();
        var frauds = all.Where(sample.IsFraud).Take(shown / 2).ToList();
        return [.. frauds, .. all.Where(index => !sample.IsFraud(index)).Take(shown - frauds.Count)];
    }
}

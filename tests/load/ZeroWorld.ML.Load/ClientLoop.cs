using System.Diagnostics;
using ZeroWorld.ML.Client;

namespace ZeroWorld.ML.Load;

/// <summary>The closed loop through the .NET client, as services of a product call: what it costs to make and read messages is part of it.</summary>
internal static class ClientLoop
{
    /// <param name="inFlight">Calls that are kept in flight.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="call">One call.</param>
    /// <returns>Answers per second.</returns>
    public static async Task<double> MeasureAsync(int inFlight, double seconds, Func<int, Task> call)
    {
        var started = Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(Enumerable.Range(0, inFlight).Select(async caller =>
        {
            var count = 0;
            while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
            {
                await call((caller * 7919) + count);
                count++;
            }

            return count;
        }));
        return answers.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    public static Task InferAsync(ZeroWorldClient client, int index) => client.Inference.ModelInferAsync(Requests.InferMessages[index % Requests.InferMessages.Length]).ResponseAsync;

    public static Task PredictAsync(ZeroWorldClient client, int index) => client.Predictions.PredictAsync(Requests.PredictMessages[index % Requests.PredictMessages.Length]).ResponseAsync;
}

using System.Diagnostics;

namespace ZeroWorld.ML.Serving;

/// <summary>The part of a <see cref="ResponseCache"/> that one loaded version has. Thread safe.</summary>
/// <param name="statistics">Of the version: hits and misses are counted there.</param>
internal sealed class VersionCache(ResponseCache cache, ServableStatistics statistics)
{
    /// <summary>The answer that is kept for these inputs; else that of a run, which is kept.</summary>
    /// <inheritdoc cref="BatchScheduler.RunAsync"/>
    public ValueTask<BatchOutputs> RunAsync(Servable servable, TensorBuffer[] inputs, int rows, in RequestUrgency urgency, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var key = ResponseKey.Of(this, inputs);
        if (cache.TryFind(key, out var outputs))
        {
            statistics.RecordCacheHit(Stopwatch.GetTimestamp() - started);
            return ValueTask.FromResult(new BatchOutputs(outputs, rows, 0) { IsCached = true });
        }

        // All outputs: the next request may want others.
        return RunAndKeepAsync(key, Stopwatch.GetTimestamp() - started, servable.RunAsync(inputs, rows, urgency with { Wanted = null }, cancellationToken));
    }

    /// <summary>Lets go of what is kept.</summary>
    public void Clear() => cache.Remove(this);

    private async ValueTask<BatchOutputs> RunAndKeepAsync(ResponseKey key, long looked, ValueTask<BatchOutputs> running)
    {
        var answer = await running.ConfigureAwait(false);
        var started = Stopwatch.GetTimestamp();
        cache.Add(key, answer.Tensors);
        statistics.RecordCacheMiss(looked + Stopwatch.GetTimestamp() - started);
        return answer;
    }
}

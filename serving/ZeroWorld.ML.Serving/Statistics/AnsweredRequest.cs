using System.Diagnostics;

namespace ZeroWorld.ML.Serving;

/// <summary>A request that the engine has answered, of which its last stage is left: <see cref="Finish"/> says that the answer is written.</summary>
/// <remarks>A request is in the histograms from then on. The default value is nobody's request and may be finished likewise.</remarks>
public readonly struct AnsweredRequest
{
    private readonly StageHistograms? _histograms;
    private readonly StageTimes _times;
    private readonly RequestTrace? _trace;
    private readonly long _received;
    private readonly long _answered;

    /// <param name="received">Timestamp of <see cref="Stopwatch"/> when its message was given to the decoder.</param>
    internal AnsweredRequest(StageHistograms histograms, in StageTimes times, RequestTrace? trace, long received)
    {
        _histograms = histograms;
        _times = times;
        _trace = trace;
        _received = received;
        _answered = Stopwatch.GetTimestamp();
    }

    /// <summary>The answer is bytes. Called once.</summary>
    public void Finish()
    {
        if (_histograms is null)
        {
            return;
        }

        var now = Stopwatch.GetTimestamp();
        _histograms.Record(_times, now - _answered, now - _received);
        _trace?.Succeed(_times, now - _answered, now - _received);
    }
}

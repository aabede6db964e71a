using ZeroWorld.ML.Features;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>Enters the policy in force into a ledger, and puts a changed policy file in force. A file that is wrong changes nothing; it is told once.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class PolicyWatch(ModerationEngine engine, string path, PolicyLedger ledger, Action<string> problem)
{
    private DateTime _seen = File.GetLastWriteTimeUtc(path);
    private bool _isEntered;

    /// <summary>Looks at the file's time, and reads it where that changed. To be called before anything is decided, too.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>, at the first call: the number of the policy in force is that of another content.</exception>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: try again; nothing was changed.</exception>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (!_isEntered)
        {
            await ledger.EnterAsync(engine.Policy, cancellationToken).ConfigureAwait(false);
            _isEntered = true;
        }

        var changed = File.GetLastWriteTimeUtc(path);
        if (changed == _seen)
        {
            return;
        }

        try
        {
            var policy = ModerationPolicy.Read(path, engine.Model.Labels);
            engine.Check(policy);
            await ledger.EnterAsync(policy, cancellationToken).ConfigureAwait(false);
            engine.Change(policy);
        }
        catch (TrainingException exception)
        {
            problem(exception.Message);
        }

        _seen = changed;
    }
}

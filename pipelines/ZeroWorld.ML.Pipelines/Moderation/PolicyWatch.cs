using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>Puts a changed policy file in force. A file that is wrong changes nothing; it is told once.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class PolicyWatch(ModerationEngine engine, string path, Action<string> problem)
{
    private DateTime _seen = File.GetLastWriteTimeUtc(path);

    /// <summary>Looks at the file's time, and reads it where that changed.</summary>
    public void Look()
    {
        var changed = File.GetLastWriteTimeUtc(path);
        if (changed == _seen)
        {
            return;
        }

        _seen = changed;
        try
        {
            engine.Change(ModerationPolicy.Read(path, engine.Model.Labels));
        }
        catch (TrainingException exception)
        {
            problem(exception.Message);
        }
    }
}

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What happens to a text. Ascending by strictness.</summary>
public enum ModerationAction
{
    Allow,

    /// <summary>A person decides.</summary>
    Review,

    Block,
}

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>How people hide words from a filter.</summary>
public enum TextObfuscation
{
    /// <summary>Two neighbours inside a word change places.</summary>
    Swap,

    /// <summary>A character inside a word is missing.</summary>
    MissingCharacter,

    /// <summary>Letters become digits and signs that look like them.</summary>
    Leetspeak,

    /// <summary>The space between two words is missing.</summary>
    MissingSpace,

    /// <summary>Spaces stand between the characters of a word.</summary>
    AddedSpace,
}

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

    /// <summary>Dots, dashes, stars or underlines stand between the characters of a word; in Arabic also a tatweel.</summary>
    Separators,

    /// <summary>Characters that nobody sees stand between those of a word.</summary>
    Invisible,

    /// <summary>Emoji stand between the characters of a word.</summary>
    Emoji,

    /// <summary>A letter is written several times.</summary>
    RepeatedLetter,

    /// <summary>Latin letters are as wide as ideographs.</summary>
    FullWidth,

    /// <summary>Latin letters become Cyrillic and Greek ones that look like them.</summary>
    LookAlikes,

    /// <summary>Combining marks stand on the letters.</summary>
    Marks,

    /// <summary>A letter inside a word becomes a star.</summary>
    MaskedCharacter,

    /// <summary>Arabic in Latin letters and digits, as in chats: one of several spellings of each word. Other scripts have no such thing.</summary>
    LatinLetters,
}

namespace ZeroWorld.ML.Features;

/// <summary>How the letters of a folded word stand in the text.</summary>
internal enum WordForm
{
    /// <summary>One after the other.</summary>
    Plain,

    /// <summary>With signs, marks or unseen characters between.</summary>
    Signed,

    /// <summary>With white space between.</summary>
    Spelled,
}

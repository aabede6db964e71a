namespace ZeroWorld.ML.Features;

/// <summary>Counts of a text that its n-grams do not show.</summary>
internal record struct TextShape
{
    public int Units;
    public int Capitals;
    public int Letters;
    public int Digits;
    public int Exclamations;
    public int Links;
    public int Mentions;
    public int Invisible;
    public int DroppedMarks;
}

namespace ZeroWorld.ML.Models.Retrieval;

/// <param name="Item">Index of the item.</param>
/// <param name="Score">Greater is better.</param>
public readonly record struct ScoredItem(int Item, float Score);

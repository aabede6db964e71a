namespace ZeroWorld.ML.Models;

/// <summary>How the features of an input become its tensor, as manifests name it.</summary>
/// <remarks>All but <see cref="Scalars"/> and those of texts are of exactly one feature, which is a list. A sparse feature is two lists, ids and weights, each with an input of its own.</remarks>
public static class InputLayouts
{
    /// <summary>[rows, features]: one number per feature, in the order of the features.</summary>
    public const string Scalars = "scalars";

    /// <summary>[rows, n]: a list of exactly n numbers; a missing one is NaN. A row with another number of elements fails.</summary>
    public const string Vector = "vector";

    /// <summary>[rows, n] or, with -1 for n, [rows, longest]: a list, filled up behind its end, cut where it is longer than n; a missing one is empty.</summary>
    public const string List = "list";

    /// <summary>As <see cref="List"/>: 1 where the list has an element, 0 where it is filled up.</summary>
    public const string Mask = "mask";

    /// <summary>[rows] or [rows, 1]: elements of the list in the tensor.</summary>
    public const string Length = "length";

    /// <summary>[rows, texts] or, of one text, [rows]: texts as they are, in the order of the features, for a model that has its tokenizer inside; a missing one is empty.</summary>
    public const string Texts = "texts";

    /// <summary>[rows, n] or, with -1 for n, [rows, longest]: the token ids of a text, or of a pair of texts, by the tokenizer of the package; a missing text is an empty one.</summary>
    public const string Tokens = "tokens";

    /// <summary>As <see cref="Tokens"/>: 1 where there is a token, 0 where it is filled up.</summary>
    public const string TokenMask = "token_mask";

    /// <summary>As <see cref="Tokens"/>: 1 at the tokens of the second text of a pair, else 0.</summary>
    public const string TokenTypes = "token_types";

    /// <summary>Every layout, for messages.</summary>
    public static IReadOnlyList<string> All { get; } = [Scalars, Vector, List, Mask, Length, Texts, Tokens, TokenMask, TokenTypes];

    /// <summary>Whether a layout is made of texts by the tokenizer of the package.</summary>
    public static bool AreTokens(string? layout) => layout is Tokens or TokenMask or TokenTypes;
}

using System.Numerics;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>One row of tokens as one row of a tensor. Pure.</summary>
internal static class TokenTensor
{
    /// <param name="layout">One of <see cref="InputLayouts.Tokens"/>, <see cref="InputLayouts.TokenMask"/>, <see cref="InputLayouts.TokenTypes"/>.</param>
    /// <param name="padding">Id that fills the ids up.</param>
    /// <param name="row">At least as wide as there are tokens; its elements are 0.</param>
    public static void Write<T>(in TextTokens tokens, string layout, int padding, Span<T> row)
        where T : unmanaged, IBinaryInteger<T>
    {
        var ids = tokens.Ids;
        switch (layout)
        {
            case InputLayouts.TokenMask:
                row[..ids.Length].Fill(T.One);
                break;
            case InputLayouts.TokenTypes:
                row[tokens.PairStart..ids.Length].Fill(T.One);
                break;
            default:
                row[ids.Length..].Fill(T.CreateTruncating(padding));
                for (var place = 0; place < ids.Length; place++)
                {
                    row[place] = T.CreateTruncating(ids[place]);
                }

                break;
        }
    }
}

using System.Numerics;
using System.Runtime.InteropServices;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Tokens of the texts of some rows, made once for all inputs that take them.</summary>
internal sealed class TokenRows
{
    private readonly TextTokens[] _tokens;
    private readonly int _padding;

    private TokenRows(TextTokens[] tokens, int padding)
    {
        _tokens = tokens;
        _padding = padding;
    }

    /// <param name="rows">Rows of <paramref name="cells"/>; a missing text is an empty one.</param>
    /// <returns><see langword="null"/>: no input of the model takes tokens.</returns>
    public static TokenRows? Of(PredictionPlan plan, FeatureCell[] cells, int columns, ReadOnlySpan<int> rows)
    {
        if (plan.Tokenizer is not { } tokenizer || Array.Find(plan.Inputs, static input => input.IsTokens) is not { } input)
        {
            return null;
        }

        var tokens = new TextTokens[rows.Length];
        for (var index = 0; index < tokens.Length; index++)
        {
            var row = cells.AsSpan(rows[index] * columns, columns);
            tokens[index] = tokenizer.Encode(TextOf(row[input.Columns[0]]), input.Columns.Length > 1 ? TextOf(row[input.Columns[1]]) : null);
        }

        return new TokenRows(tokens, tokenizer.Settings.Padding);
    }

    /// <summary>Tokens of the longest row, at least one: no axis of a tensor is empty.</summary>
    public int Width => _tokens.Aggregate(1, static (most, row) => Math.Max(most, row.Ids.Length));

    /// <returns>[rows, width], little-endian.</returns>
    public byte[] Write(FeatureInput input, int width) => input.Dtype == TensorDtype.Int32 ? Write<int>(input, width) : Write<long>(input, width);

    private byte[] Write<T>(FeatureInput input, int width)
        where T : unmanaged, IBinaryInteger<T>
    {
        var data = new byte[checked(_tokens.Length * width * input.Dtype.Width())];
        var target = MemoryMarshal.Cast<byte, T>(data.AsSpan());
        for (var index = 0; index < _tokens.Length; index++)
        {
            TokenTensor.Write(_tokens[index], input.Layout, _padding, target.Slice(index * width, width));
        }

        return data;
    }

    private static string TextOf(in FeatureCell cell) => cell.Value.IsNull ? "" : cell.Value.AsString();
}

using System.Numerics;
using System.Runtime.InteropServices;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.GpuNodes;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>A model over token ids with the tokenizer of its package: texts in, one number per label out.</summary>
/// <remarks>
/// Which input is which is said by its layout, or where it has none by its name: one with <c>mask</c> is the attention mask, one with <c>type</c> or <c>segment</c> the token types, any other the ids.
/// <para>One call at a time; the caller sees to it. Owns native memory.</para>
/// </remarks>
public sealed class TokenModel : IDisposable
{
    /// <summary>Rows of one run; more are run one batch after the other.</summary>
    public const int BatchRowsMax = 32;

    // Texts are padded to a multiple, so that many are as wide.
    private const int WidthStep = 16;

    private readonly IModelInstance _instance;
    private readonly MemoryReservation _memory;
    private readonly (string Layout, TensorSpec Spec)[] _inputs;
    private readonly int _output;
    private readonly bool _hasMask;

    internal TokenModel(ModelPackage package, IModelInstance instance, MemoryReservation memory, TextTokenizer tokenizer, string build)
    {
        (_instance, _memory, Tokenizer, Build) = (instance, memory, tokenizer, build);
        _inputs = [.. instance.Signature.Inputs.Select(spec => (LayoutOf(package.Manifest.Inputs.FirstOrDefault(input => input.Tensor == spec.Name)?.Layout, spec.Name), spec))];
        _hasMask = Array.Exists(_inputs, static input => input.Layout == InputLayouts.TokenMask);
        _output = FindOutput(package.Manifest, instance.Signature);
        if (Array.Find(_inputs, static input => input.Spec.Dtype is not (TensorDtype.Int64 or TensorDtype.Int32) || input.Spec.Shape.Count != 2) is { Spec: { } odd })
        {
            throw Refused(package.Manifest, $"the input '{odd.Name}' is {odd.Dtype} of {odd.Shape.Count} dimensions; expected INT64 or INT32 of [rows, tokens]");
        }

        Labels = (int)instance.Signature.Outputs[_output].Shape[1];
    }

    public TextTokenizer Tokenizer { get; }

    /// <value>Numbers per text.</value>
    public int Labels { get; }

    /// <summary>What computes, as the prediction log names it.</summary>
    public string Build { get; }

    /// <summary>Inputs and output of one run as golden samples hold them.</summary>
    public GoldenSample Sample(IReadOnlyList<string> texts)
    {
        TextTokens[] rows = [.. texts.Select(text => Tokenizer.Encode(text))];
        var tensors = MakeTensors(rows, rows.Max(static row => row.Ids.Length));
        var output = _instance.Run(tensors)[_output];
        return new GoldenSample(
            _inputs.Select((input, index) => (input.Spec.Name, tensors[index])).ToDictionary(static pair => pair.Name, static pair => ToGolden(pair.Item2)),
            new Dictionary<string, GoldenTensor> { [_instance.Signature.Outputs[_output].Name] = ToGolden(output) });
    }

    /// <summary>Runs texts that are as wide together: how wide a text is depends on it alone, and what stands beside it changes nothing.</summary>
    /// <param name="results">[texts, labels], row-major.</param>
    /// <returns>How each was run.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.BackendFailed"/>.</exception>
    public IReadOnlyList<TokenRun> Run(IReadOnlyList<string> texts, Span<float> results)
    {
        ArgumentNullException.ThrowIfNull(texts);
        TextTokens[] rows = [.. texts.Select(text => Tokenizer.Encode(text))];
        var runs = new TokenRun[rows.Length];
        foreach (var alike in Enumerable.Range(0, rows.Length).GroupBy(row => WidthOf(rows[row])))
        {
            foreach (var batch in alike.Chunk(BatchRowsMax))
            {
                var output = _instance.Run(MakeTensors([.. batch.Select(row => rows[row])], alike.Key))[_output].AsSpan<float>();
                for (var place = 0; place < batch.Length; place++)
                {
                    output.Slice(place * Labels, Labels).CopyTo(results[(batch[place] * Labels)..]);
                    runs[batch[place]] = new TokenRun(rows[batch[place]].IsTruncated, batch.Length, place);
                }
            }
        }

        return runs;
    }

    public void Dispose()
    {
        _instance.Dispose();
        _memory.Dispose();
    }

    /// <summary>Whether an input that has no layout is that of the ids.</summary>
    public static bool IsIds(string input) => LayoutOf(null, input) == InputLayouts.Tokens;

    internal static string LayoutOf(string? layout, string name) => layout
        ?? (name.Contains("mask", StringComparison.OrdinalIgnoreCase) ? InputLayouts.TokenMask
            : name.Contains("type", StringComparison.OrdinalIgnoreCase) || name.Contains("segment", StringComparison.OrdinalIgnoreCase) ? InputLayouts.TokenTypes
            : InputLayouts.Tokens);

    private static int FindOutput(ModelManifest manifest, ModelSignature signature)
    {
        for (var index = 0; index < signature.Outputs.Count; index++)
        {
            if (signature.Outputs[index] is { Dtype: TensorDtype.Float32, Shape: [_, > 0] } output && manifest.Outputs.Any(declared => declared.Tensor == output.Name))
            {
                return index;
            }
        }

        throw Refused(manifest, "it has no output of FP32 [rows, labels]");
    }

    private static ServingException Refused(ModelManifest manifest, string problem) => new(ServingError.ModelRefused, $"Model '{manifest.Name}' is no model of texts: {problem}.");

    // Without a mask a model reads what a text is padded with.
    private int WidthOf(TextTokens row) => _hasMask ? Math.Min((row.Ids.Length + WidthStep - 1) / WidthStep * WidthStep, Math.Max(row.Ids.Length, Tokenizer.Settings.LengthMax)) : row.Ids.Length;

    private TensorBuffer[] MakeTensors(TextTokens[] rows, int least)
    {
        var width = Math.Max(1, least);
        return [.. _inputs.Select(input => input.Spec.Dtype == TensorDtype.Int32 ? MakeTensor<int>(input, rows, width) : MakeTensor<long>(input, rows, width))];
    }

    private TensorBuffer MakeTensor<T>((string Layout, TensorSpec Spec) input, TextTokens[] rows, int least)
        where T : unmanaged, IBinaryInteger<T>
    {
        var width = input.Spec.Shape[1] > 0 ? (int)input.Spec.Shape[1] : least;
        var data = new T[rows.Length * width];
        for (var row = 0; row < rows.Length; row++)
        {
            TokenTensor.Write(rows[row], input.Layout, Tokenizer.Settings.Padding, data.AsSpan(row * width, width));
        }

        return TensorBuffer.Of(input.Spec.Dtype, [rows.Length, width], MemoryMarshal.AsBytes(data.AsSpan()).ToArray());
    }

    private static GoldenTensor ToGolden(TensorBuffer tensor) =>
        new([.. tensor.Shape], [.. Enumerable.Range(0, tensor.ElementCount).Select(place => TensorElements.ToDouble(tensor, place))]);
}

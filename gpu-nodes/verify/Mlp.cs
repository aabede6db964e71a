namespace ZeroWorld.ML.GpuNodes.Verify;

/// <summary>The small network of Models/mlp.onnx (Models/mlp.py), computed here by plain loops.</summary>
/// <remarks>All values are whole quarters and sixteenths of small numbers: every sum is exact in FP32 and TF32, in any order.</remarks>
internal static class Mlp
{
    public const int Rows = 64;
    public const int Inputs = 16;
    public const int Hidden = 32;
    public const int Outputs = 4;

    public static float[] Input { get; } = Quarters(Rows, Inputs, step: 4);

    public static float[] FirstWeights { get; } = Quarters(Inputs, Hidden, step: 3);

    public static byte[] ReadModel()
    {
        using var resource = typeof(Mlp).Assembly.GetManifestResourceStream("mlp.onnx")!;
        var model = new byte[resource.Length];
        resource.ReadExactly(model);
        return model;
    }

    /// <summary>[Rows, Outputs] of the whole network.</summary>
    public static float[] Expected()
    {
        var hidden = Add(ExpectedProduct(), Quarters(1, Hidden, step: 5));
        for (var index = 0; index < hidden.Length; index++)
        {
            hidden[index] = Math.Max(hidden[index], 0);
        }

        return Add(Multiply(hidden, Quarters(Hidden, Outputs, step: 2), Hidden), Quarters(1, Outputs, step: 1));
    }

    /// <summary>[Rows, Hidden] of the first matrix product alone.</summary>
    public static float[] ExpectedProduct() => Multiply(Input, FirstWeights, Inputs);

    private static float[] Quarters(int rows, int columns, int step) =>
        [.. Enumerable.Range(0, rows * columns).Select(index => ((index * step % 7) - 3) / 4f)];

    private static float[] Multiply(float[] left, float[] right, int inner)
    {
        var columns = right.Length / inner;
        var product = new float[left.Length / inner * columns];
        for (var index = 0; index < product.Length; index++)
        {
            for (var k = 0; k < inner; k++)
            {
                product[index] += left[(index / columns * inner) + k] * right[(k * columns) + (index % columns)];
            }
        }

        return product;
    }

    private static float[] Add(float[] matrix, float[] row)
    {
        for (var index = 0; index < matrix.Length; index++)
        {
            matrix[index] += row[index % row.Length];
        }

        return matrix;
    }
}

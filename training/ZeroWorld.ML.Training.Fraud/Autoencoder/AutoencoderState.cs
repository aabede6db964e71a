using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Everything that a fit goes on from after a pass.</summary>
internal sealed class AutoencoderState
{
    private const int Vectors = 4;

    private AutoencoderState(float[] weights, float[] best, float[] first, float[] second) =>
        (Weights, Best, First, Second) = (weights, best, first, second);

    /// <summary>Passes made.</summary>
    internal int Step { get; set; }

    internal long AdamSteps { get; set; }

    internal int BestStep { get; set; }

    internal double BestLoss { get; set; } = double.PositiveInfinity;

    internal float[] Weights { get; }

    /// <summary>The weights of the best pass.</summary>
    internal float[] Best { get; }

    /// <summary>Adam's first moments.</summary>
    internal float[] First { get; }

    /// <summary>Adam's second moments.</summary>
    internal float[] Second { get; }

    internal static AutoencoderState Start(float[] weights) => new([.. weights], new float[weights.Length], new float[weights.Length], new float[weights.Length]);

    internal byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Step);
        writer.Write(AdamSteps);
        writer.Write(BestStep);
        writer.Write(BestLoss);
        foreach (var values in (float[][])[Weights, Best, First, Second])
        {
            writer.Write(MemoryMarshal.AsBytes(values.AsSpan()));
        }

        writer.Flush();
        return stream.ToArray();
    }

    /// <returns><see langword="null"/> for no bytes, or those of a network of another size.</returns>
    internal static AutoencoderState? TryRead(byte[]? bytes, int weights)
    {
        const int Head = sizeof(int) + sizeof(long) + sizeof(int) + sizeof(double);
        if (bytes is null || bytes.Length != Head + (Vectors * weights * sizeof(float)))
        {
            return null;
        }

        using var reader = new BinaryReader(new MemoryStream(bytes));
        var (step, adamSteps, bestStep, bestLoss) = (reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt32(), reader.ReadDouble());
        var vectors = new float[Vectors][];
        for (var index = 0; index < Vectors; index++)
        {
            vectors[index] = new float[weights];
            reader.ReadExactly(MemoryMarshal.AsBytes(vectors[index].AsSpan()));
        }

        return new AutoencoderState(vectors[0], vectors[1], vectors[2], vectors[3]) { Step = step, AdamSteps = adamSteps, BestStep = bestStep, BestLoss = bestLoss };
    }
}

using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Everything that a fit goes on from after a pass.</summary>
internal sealed class AutoencoderState
{
    private const int Vectors = 4;

    private AutoencoderState(float[] weights, float[] best, Adam adam) => (Weights, Best, Adam) = (weights, best, adam);

    /// <summary>Passes made.</summary>
    internal int Step { get; set; }

    internal int BestStep { get; set; }

    internal double BestLoss { get; set; } = double.PositiveInfinity;

    internal float[] Weights { get; }

    /// <summary>The weights of the best pass.</summary>
    internal float[] Best { get; }

    internal Adam Adam { get; }

    internal static AutoencoderState Start(float[] weights) => new([.. weights], new float[weights.Length], new Adam(weights.Length));

    internal byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Step);
        writer.Write(Adam.Steps);
        writer.Write(BestStep);
        writer.Write(BestLoss);
        Write(Weights);
        Write(Best);
        Write(Adam.First);
        Write(Adam.Second);
        writer.Flush();
        return stream.ToArray();

        void Write(ReadOnlySpan<float> values) => writer.Write(MemoryMarshal.AsBytes(values));
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

        return new AutoencoderState(vectors[0], vectors[1], new Adam(vectors[2], vectors[3], adamSteps)) { Step = step, BestStep = bestStep, BestLoss = bestLoss };
    }
}

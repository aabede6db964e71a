namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A fitted convolution over word pieces. Immutable.</summary>
/// <param name="Vectors">[pieces, dimensions]; those of padding are 0.</param>
/// <param name="Kernels">Per width [filters, dimensions, width].</param>
/// <param name="KernelBias">Per width [filters].</param>
/// <param name="Head">[labels, widths x filters].</param>
/// <param name="HeadBias">[labels].</param>
public sealed record ConvolutionWeights(
    ConvolutionSettings Settings, float[] Vectors, IReadOnlyList<float[]> Kernels, IReadOnlyList<float[]> KernelBias, float[] Head, float[] HeadBias);

using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>A model of LightGBM while it grows, or when it has grown. One caller at a time.</summary>
internal sealed class LightGbmBooster : SafeHandle
{
    private const string OneThread = "num_threads=1";

    private LightGbmBooster(nint handle)
        : base(0, ownsHandle: true) => SetHandle(handle);

    public override bool IsInvalid => handle == 0;

    /// <param name="dataset">Lives longer than this.</param>
    internal static LightGbmBooster Create(LightGbmDataset dataset, string parameters)
    {
        LightGbmLibrary.Check(LightGbmLibrary.CreateBooster(dataset, parameters, out var handle));
        return new LightGbmBooster(handle);
    }

    /// <param name="model">As <see cref="Save"/> gave it: numbers have all their digits there.</param>
    internal static unsafe LightGbmBooster Load(ReadOnlySpan<byte> model)
    {
        // The library reads up to a zero.
        var text = new byte[model.Length + 1];
        model.CopyTo(text);
        fixed (byte* first = text)
        {
            LightGbmLibrary.Check(LightGbmLibrary.Load(first, out _, out var handle));
            return new LightGbmBooster(handle);
        }
    }

    /// <summary>Puts the trees of another model before its own. Its rows do not learn of them: their scores are the dataset's.</summary>
    internal void TakeTrees(LightGbmBooster other) => LightGbmLibrary.Check(LightGbmLibrary.Merge(this, other));

    internal void AddHeldRows(LightGbmDataset dataset) => LightGbmLibrary.Check(LightGbmLibrary.AddHeldRows(this, dataset));

    /// <summary>Grows one tree.</summary>
    /// <returns>Whether no split was found, so that there is nothing to add any more.</returns>
    internal bool Grow()
    {
        LightGbmLibrary.Check(LightGbmLibrary.Update(this, out var isFinished));
        return isFinished != 0;
    }

    /// <returns>The loss on the held rows.</returns>
    internal unsafe double HeldLoss()
    {
        double loss;
        LightGbmLibrary.Check(LightGbmLibrary.Measure(this, 1, out _, &loss));
        return loss;
    }

    /// <returns>The model as the library's own text, UTF-8.</returns>
    internal unsafe byte[] Save()
    {
        var text = new byte[1 << 16];
        while (true)
        {
            long bytes;
            fixed (byte* first = text)
            {
                LightGbmLibrary.Check(LightGbmLibrary.Save(this, 0, -1, 0, text.Length, out bytes, first));
            }

            if (bytes <= text.Length)
            {
                // Without the zero at its end.
                return text[..(int)(bytes - 1)];
            }

            text = new byte[bytes];
        }
    }

    /// <summary>Sums of the trees for some rows, before the link.</summary>
    /// <param name="features">[rows, columns], row-major.</param>
    internal unsafe void Score(ReadOnlySpan<float> features, int columns, Span<double> scores)
    {
        fixed (float* values = features)
        fixed (double* first = scores)
        {
            LightGbmLibrary.Check(LightGbmLibrary.Predict(
                this, values, LightGbmLibrary.Float32, scores.Length, columns, 1, LightGbmLibrary.RawScore, 0, -1, OneThread, out _, first));
        }
    }

    protected override bool ReleaseHandle() => LightGbmLibrary.FreeBooster(handle) == 0;
}

using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Tensors of strings that an instance uses again: their strings keep their memory, so that a run of the shapes of an earlier one allocates nothing.</summary>
/// <remarks>Not thread safe. Bounded: few tensors per place, whose strings could all be as long as the longest that any of them ever was.</remarks>
internal sealed class KeptStrings : IDisposable
{
    private const int KeptMax = 4;
    private const long BytesMax = 4 << 20;

    // What a string takes without any content.
    private const int ElementBytes = 32;
    private readonly List<(int Place, long[] Shape, OrtValue Value)> _kept = [];

    /// <summary>A tensor of any content, which belongs to the caller until it is given back.</summary>
    /// <param name="place">What it is for: it is found again by place and shape.</param>
    public OrtValue Take(int place, ReadOnlySpan<long> shape)
    {
        for (var index = 0; index < _kept.Count; index++)
        {
            var kept = _kept[index];
            if (kept.Place == place && shape.SequenceEqual(kept.Shape))
            {
                _kept.RemoveAt(index);
                return kept.Value;
            }
        }

        return OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape.ToArray());
    }

    /// <param name="longest">Bytes of the longest string that it held.</param>
    public void Return(int place, ReadOnlySpan<long> shape, OrtValue value, int longest)
    {
        long elements = 1;
        var mine = 0;
        var oldest = -1;
        foreach (var size in shape)
        {
            elements *= size;
        }

        if (elements * Math.Max(longest, ElementBytes) > BytesMax)
        {
            value.Dispose();
            return;
        }

        for (var index = 0; index < _kept.Count; index++)
        {
            if (_kept[index].Place == place)
            {
                oldest = oldest < 0 ? index : oldest;
                mine++;
            }
        }

        if (mine == KeptMax)
        {
            _kept[oldest].Value.Dispose();
            _kept.RemoveAt(oldest);
        }

        _kept.Add((place, shape.ToArray(), value));
    }

    public void Dispose()
    {
        foreach (var (_, _, value) in _kept)
        {
            value.Dispose();
        }

        _kept.Clear();
    }
}

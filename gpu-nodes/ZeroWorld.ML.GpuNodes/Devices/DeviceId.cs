using System.Globalization;

namespace ZeroWorld.ML.GpuNodes;

/// <summary>Names one device of a node: <c>cpu</c>, or <c>cuda:N</c> with N as CUDA numbers the GPUs that this process sees, from 0.</summary>
public readonly record struct DeviceId : IComparable<DeviceId>
{
    /// <summary>The greatest GPU index that is accepted.</summary>
    public const int MaxIndex = 1023;

    private DeviceId(DeviceKind kind, int index)
    {
        Kind = kind;
        Index = index;
    }

    /// <summary>The node's processors: also the default value of this type.</summary>
    public static DeviceId Cpu => default;

    public DeviceKind Kind { get; }

    /// <summary>0 for the CPU; the CUDA ordinal for a GPU.</summary>
    public int Index { get; }

    /// <exception cref="ArgumentOutOfRangeException">The index is not between 0 and <see cref="MaxIndex"/>.</exception>
    public static DeviceId Cuda(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, MaxIndex);
        return new DeviceId(DeviceKind.Cuda, index);
    }

    /// <summary>Reads <c>cpu</c>, <c>cuda:N</c>, or <c>cuda</c>, which is <c>cuda:0</c>.</summary>
    /// <returns><see langword="false"/> for every other text.</returns>
    public static bool TryParse(string? text, out DeviceId device)
    {
        const string CudaPrefix = "cuda:";

        device = default;
        switch (text)
        {
            case "cpu":
                return true;
            case "cuda":
                device = Cuda(0);
                return true;
            case not null when text.StartsWith(CudaPrefix, StringComparison.Ordinal)
                && int.TryParse(text.AsSpan(CudaPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                && index <= MaxIndex:
                device = Cuda(index);
                return true;
            default:
                return false;
        }
    }

    public static bool operator <(DeviceId left, DeviceId right) => left.CompareTo(right) < 0;

    public static bool operator >(DeviceId left, DeviceId right) => left.CompareTo(right) > 0;

    public static bool operator <=(DeviceId left, DeviceId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(DeviceId left, DeviceId right) => left.CompareTo(right) >= 0;

    public int CompareTo(DeviceId other) => (Kind, Index).CompareTo((other.Kind, other.Index));

    public override string ToString() => Kind == DeviceKind.Cpu ? "cpu" : $"cuda:{Index}";
}

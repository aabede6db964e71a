using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>The coverage of one view as it was last read. One writer, many readers.</summary>
internal sealed class CoverageSlot(StorageField field)
{
    private volatile ViewCoverage? _coverage;

    public StorageField Field { get; } = field;

    /// <summary>Servables that use it. Guarded by the cache's lock.</summary>
    public int Users { get; set; }

    /// <summary><see langword="null"/> when the view was never materialized, as far as is known.</summary>
    public ViewCoverage? Coverage
    {
        get => _coverage;
        set => _coverage = value;
    }
}

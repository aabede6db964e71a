namespace ZeroWorld.ML.Features;

/// <summary>The values that the transforms of a service read and write, column by column; used again for block after block of rows.</summary>
/// <remarks>Not thread safe.</remarks>
public sealed class TransformColumns
{
    private readonly TransformSlots _slots;
    private readonly FeatureValue[] _values;

    internal TransformColumns(TransformSlots slots, int rowsMax)
    {
        _slots = slots;
        RowsMax = rowsMax;
        _values = new FeatureValue[slots.Count * rowsMax];
    }

    /// <summary>Rows of a block at most.</summary>
    public int RowsMax { get; }

    internal Span<FeatureValue> Values => _values;

    /// <summary>A request value, by its index; empty where no transform reads it.</summary>
    public Span<FeatureValue> Request(int index) => Slot(_slots.OfRequest(index));

    /// <summary>A column of the service, by its index: what a transform reads of a view, or what it gave; else empty.</summary>
    public Span<FeatureValue> Column(int index) => Slot(_slots.OfColumn(index));

    private Span<FeatureValue> Slot(int slot) => slot < 0 ? [] : _values.AsSpan(slot * RowsMax, RowsMax);
}

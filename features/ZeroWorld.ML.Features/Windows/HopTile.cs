namespace ZeroWorld.ML.Features;

/// <summary>A tile: bytes as they were read, or a summary that is being changed.</summary>
internal sealed class HopTile
{
    public HopEntry Entry { get; init; }

    public byte[]? Body { get; init; }

    public WindowSummary? Summary { get; set; }

    public WindowSummary Open(StorageField field, WindowLayout layout, SummaryPlan[] plans)
    {
        if (Summary is null)
        {
            Summary = new WindowSummary(layout, plans);
            if (Body is not null && !Summary.TryMerge(Entry, Body))
            {
                throw new FeatureException(FeatureError.CorruptData, $"A tile of view '{field.View.Name}' cannot be read: its {Body.Length} bytes are no summaries.");
            }
        }

        return Summary;
    }
}

namespace ZeroWorld.ML.Features;

/// <summary>What is kept of the events of a windowed view, and so how exact its windows are.</summary>
public enum WindowPrecision
{
    /// <summary>The events, up to a cap per entity: windows are exact at both ends.</summary>
    Exact = 0,

    /// <summary>Tiles, and the newest events: windows are exact at the head, and at the tail widened to the hop below, never shortened.</summary>
    Hop = 1,
}

namespace ZeroWorld.ML.Models;

/// <summary>What a request may be to its sequence. The numbers are those of Triton's <c>ModelSequenceBatching.Control.Kind</c>.</summary>
public enum SequenceControlKind
{
    /// <summary>Its first.</summary>
    Start = 0,

    /// <summary>There at all: true of every row, since none is run without a request.</summary>
    Ready = 1,

    /// <summary>Its last.</summary>
    End = 2,

    /// <summary>Which sequence it is.</summary>
    CorrelationId = 3,
}

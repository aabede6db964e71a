namespace ZeroWorld.ML.Models;

/// <summary>Of a model whose requests belong to sequences: how each is told its place in its own, and what is kept between them.</summary>
/// <remarks>Immutable. Equal by reference.</remarks>
public sealed record SequenceSettings
{
    /// <summary>How long a sequence may be without a request before it is over.</summary>
    /// <value>Default 1 s, as in Triton. More than 0.</value>
    public TimeSpan IdleMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Sequences of one instance that may be under way; others wait for one of them to end.</summary>
    /// <value><see langword="null"/>: as many as its largest batch has rows. 1 or more.</value>
    public int? CandidatesMax { get; init; }

    /// <summary>Share of the batch's rows that are waited for, up to the delay of the queue.</summary>
    /// <value>Default 0: nothing is waited for. At most 1.</value>
    public double SlotUtilizationMin { get; init; }

    /// <summary>Inputs that say what a request is to its sequence; no request carries them.</summary>
    public IReadOnlyList<SequenceControl> Controls { get; init; } = [];

    /// <summary>Outputs that the next request of a sequence gets as inputs.</summary>
    public IReadOnlyList<SequenceState> States { get; init; } = [];
}

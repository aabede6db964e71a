namespace ZeroWorld.ML.Features;

/// <summary>What became of pushed events.</summary>
/// <param name="Accepted">Events that every view of the table took; one that was there already counts too.</param>
/// <param name="Refused">The others, ascending by row.</param>
public sealed record EventPushResult(int Accepted, IReadOnlyList<RefusedEvent> Refused);

/// <param name="Row">Index of the event.</param>
/// <param name="Reason">A sentence for whoever pushed it.</param>
public sealed record RefusedEvent(int Row, string Reason);

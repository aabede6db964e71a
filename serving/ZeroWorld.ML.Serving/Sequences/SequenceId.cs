using System.Globalization;

namespace ZeroWorld.ML.Serving;

/// <summary>Which sequence a request belongs to: <c>sequence_id</c> of the Open Inference Protocol. The number 5 and the text "5" are two.</summary>
/// <param name="number">0: it has no number.</param>
/// <param name="text">Empty: it has no text.</param>
public readonly struct SequenceId(ulong number, string text = "") : IEquatable<SequenceId>
{
    private readonly string? _text = text;

    public ulong Number { get; } = number;

    public string Text => _text ?? "";

    /// <summary>Whether the request belongs to none.</summary>
    public bool IsNone => Number == 0 && Text.Length == 0;

    public static bool operator ==(SequenceId left, SequenceId right) => left.Equals(right);

    public static bool operator !=(SequenceId left, SequenceId right) => !left.Equals(right);

    public bool Equals(SequenceId other) => Number == other.Number && Text == other.Text;

    public override bool Equals(object? obj) => obj is SequenceId other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Number, Text);

    public override string ToString() => Text.Length > 0 ? Text : Number.ToString(CultureInfo.InvariantCulture);
}

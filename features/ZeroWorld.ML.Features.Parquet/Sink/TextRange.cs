namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The least and the greatest of some texts, by their bytes: readers pass over files by it. Not thread safe.</summary>
internal sealed class TextRange
{
    /// <summary>Longer ones would make the end of a file long: then nothing is known.</summary>
    private const int BytesMax = 128;

    private byte[]? _least;
    private byte[]? _greatest;
    private bool _isTooLong;

    /// <value><see langword="null"/>: nothing is known.</value>
    public ValueRange? Values => _least is null || _isTooLong ? null : new ValueRange(_least, _greatest!);

    /// <param name="text">In UTF-8.</param>
    public void Add(ReadOnlySpan<byte> text)
    {
        if (_isTooLong || text.Length > BytesMax)
        {
            _isTooLong = true;
            return;
        }

        if (_least is null || text.SequenceCompareTo(_least) < 0)
        {
            _least = text.ToArray();
        }

        if (_greatest is null || text.SequenceCompareTo(_greatest) > 0)
        {
            _greatest = text.ToArray();
        }
    }
}

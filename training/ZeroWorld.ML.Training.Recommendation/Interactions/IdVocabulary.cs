namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Ids of users or items and their indexes, 0 to <see cref="Count"/> - 1, in the order in which they were first seen.</summary>
/// <remarks>Ids are texts and compared ordinally; numbers are ids by their decimal text. Immutable and thread safe.</remarks>
public sealed class IdVocabulary
{
    private readonly Dictionary<string, int> _indexes;
    private readonly string[] _ids;

    /// <param name="ids">Ids in the order of their indexes.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: an id twice, or an empty one.</exception>
    public IdVocabulary(IEnumerable<string> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        _ids = [.. ids];
        _indexes = new Dictionary<string, int>(_ids.Length, StringComparer.Ordinal);
        for (var index = 0; index < _ids.Length; index++)
        {
            if (string.IsNullOrEmpty(_ids[index]) || !_indexes.TryAdd(_ids[index], index))
            {
                throw new TrainingException(
                    TrainingError.InvalidInput, $"The id '{_ids[index]}' at index {index} is {(string.IsNullOrEmpty(_ids[index]) ? "empty" : "there twice")}; expected each id once.");
            }
        }
    }

    public int Count => _ids.Length;

    /// <summary>Ids by index.</summary>
    public IReadOnlyList<string> Ids => _ids;

    /// <summary>The id of an index.</summary>
    public string this[int index] => _ids[index];

    /// <returns>Whether the id is known.</returns>
    public bool TryGetIndex(string id, out int index) => _indexes.TryGetValue(id, out index);

    /// <param name="what">What the ids name, for the message: <c>user</c>, <c>item</c>.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the id is not in the vocabulary.</exception>
    public int IndexOf(string id, string what) => TryGetIndex(id, out var index)
        ? index
        : throw new TrainingException(TrainingError.InvalidInput, $"{what}: '{id}' was never seen in training; expected one of {Count} known ids.");
}

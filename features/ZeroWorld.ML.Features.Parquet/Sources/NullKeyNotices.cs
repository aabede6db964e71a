namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Which rows without a key have been told of, so that views of the same keys of a table do not tell it again.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class NullKeyNotices
{
    private const int NoticesMax = 1024;

    private readonly Lock _lock = new();
    private readonly HashSet<(string Project, string Table, string Keys, long Count, string Place)> _told = [];

    /// <returns>Whether this was not told before; of very many notices the old ones are forgotten, and told again.</returns>
    public bool Add(string project, string table, string keys, long count, string place)
    {
        lock (_lock)
        {
            if (_told.Count >= NoticesMax)
            {
                _told.Clear();
            }

            return _told.Add((project, table, keys, count, place));
        }
    }
}

namespace ZeroWorld.ML.Features;

/// <summary>Where accepted events of streams are kept, so that training sets see them.</summary>
/// <remarks>Thread safe.</remarks>
public interface IEventArchive
{
    /// <summary>Appends events to a table, as one file that is there whole or not at all. Events may come again: their ids make them count once.</summary>
    /// <param name="project">Project of the table.</param>
    /// <param name="table">The table; it need not exist.</param>
    /// <param name="columns">Columns of equal length, one value per event.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: the disk is full or gone; nothing was appended.</exception>
    Task AppendAsync(string project, string table, IReadOnlyList<EventColumn> columns, CancellationToken cancellationToken);
}

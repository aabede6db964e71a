using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Hosting;

/// <summary>Refuses: events that lay in a local folder while tables lie in a bucket would be missing from every training set, and nobody would see it.</summary>
internal sealed class BucketEventArchive : IEventArchive
{
    public Task AppendAsync(string project, string table, IReadOnlyList<EventColumn> columns, CancellationToken cancellationToken) => throw new FeatureException(
        FeatureError.InvalidInput,
        $"Stream '{table}' of project '{project}' keeps its events as a table, and tables lie in a bucket, to which nothing can be appended; expected 'archive: false' for the stream, or tables in the data directory. Nothing was committed.");
}

using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>The prediction log's files through the offline store's row sink, which writes without awaiting.</summary>
internal sealed class ParquetPredictionLogSink(IRowSink sink) : IPredictionLogSink
{
    public Task WriteFileAsync(string path, IReadOnlyList<SinkColumn> columns, CancellationToken cancellationToken) =>
        BackgroundThread.RunAsync(() => sink.WriteFileAsync(path, columns, cancellationToken));
}

using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>The prediction log's files through the offline store's row sink.</summary>
internal sealed class ParquetPredictionLogSink(IRowSink sink) : IPredictionLogSink
{
    public Task WriteFileAsync(string path, IReadOnlyList<SinkColumn> columns, CancellationToken cancellationToken) =>
        sink.WriteFileAsync(path, columns, cancellationToken);
}

using System.Collections.Concurrent;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>The files of a prediction log in memory, read back as the reader of Parquet files would.</summary>
internal sealed class FakeLogFiles : IPredictionLogSink, IPredictionLogReader
{
    public ConcurrentDictionary<string, IReadOnlyList<SinkColumn>> Files { get; } = [];

    /// <summary>Thrown by every write while it is set.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What every write waits for.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Changes rows as they are read, for tests of logs that were tampered with.</summary>
    public Func<LoggedPrediction, LoggedPrediction> OnRead { get; set; } = static row => row;

    public int Rows => Files.Values.Sum(columns => columns[0].Rows);

    public async Task WriteFileAsync(string path, IReadOnlyList<SinkColumn> columns, CancellationToken cancellationToken)
    {
        await Gate.WaitAsync(cancellationToken);
        if (Failure is { } failure)
        {
            throw failure;
        }

        // The arrays are the log's again afterwards.
        Files[path] = [.. columns.Select(ToRows)];
    }

    public Task<IReadOnlyList<LoggedPrediction>> FindAsync(string project, string predictionId, DateOnly date, CancellationToken cancellationToken)
    {
        var folder = $"/date={date:yyyy-MM-dd}/";
        var rows = Files.Where(file => file.Key.StartsWith($"project={project}/", StringComparison.Ordinal) && file.Key.Contains(folder, StringComparison.Ordinal))
            .SelectMany(file => Read(file.Value))
            .Where(row => row.PredictionId == predictionId)
            .OrderBy(row => row.Row);
        return Task.FromResult<IReadOnlyList<LoggedPrediction>>([.. rows.Select(OnRead)]);
    }

    private static SinkColumn ToRows(SinkColumn column)
    {
        if (column is not SinkLists lists)
        {
            var values = Array.CreateInstance(column.Values.GetType().GetElementType()!, column.Rows);
            Array.Copy(column.Values, values, column.Rows);
            return new SinkColumn(column.Name, values);
        }

        return new SinkColumn(column.Name, lists.Elements switch
        {
            char[] elements => Slice(lists, elements, static (slice, _) => new string(slice)),
            byte[] elements => Slice(lists, elements, static (slice, _) => slice.ToArray()),
            int[] elements => Slice(lists, elements, static (slice, _) => slice.ToArray()),
            bool[] elements => Slice(lists, elements, static (slice, _) => slice.ToArray()),
            string?[] elements => Slice(lists, elements, static (slice, _) => slice.ToArray()),
            double[] elements => Slice(lists, elements, static (slice, areNull) => WithNulls(slice, areNull)),
            long[] elements => Slice(lists, elements, static (slice, areNull) => WithNulls(slice, areNull)),
            _ => throw new InvalidOperationException($"No flat column holds {lists.Elements.GetType()}."),
        });
    }

    private delegate TRow SliceReader<T, TRow>(ReadOnlySpan<T> slice, ReadOnlySpan<bool> areNull);

    private static TRow?[] Slice<T, TRow>(SinkLists lists, T[] elements, SliceReader<T, TRow> read)
        where TRow : class
    {
        var next = 0;
        return
        [
            .. lists.Lengths.Take(lists.Rows).Select(length =>
            {
                var row = length < 0 ? null : read(elements.AsSpan(next, length), lists.AreNull is { } areNull ? areNull.AsSpan(next, length) : []);
                next += Math.Max(0, length);
                return row;
            }),
        ];
    }

    private static T?[] WithNulls<T>(ReadOnlySpan<T> slice, ReadOnlySpan<bool> areNull)
        where T : struct
    {
        var row = new T?[slice.Length];
        for (var index = 0; index < row.Length; index++)
        {
            row[index] = !areNull.IsEmpty && areNull[index] ? null : slice[index];
        }

        return row;
    }

    private static IEnumerable<LoggedPrediction> Read(IReadOnlyList<SinkColumn> columns)
    {
        T[] Get<T>(string name) => (T[])columns.Single(column => column.Name == name).Values;
        for (var row = 0; row < columns[0].Rows; row++)
        {
            yield return new LoggedPrediction
            {
                Format = Get<int>("format")[row],
                PredictionId = Get<string>("prediction_id")[row],
                Row = Get<int>("row")[row],
                Project = Get<string>("project")[row],
                Model = Get<string>("model")[row],
                ModelVersion = Get<long>("model_version")[row],
                PackageDigest = Get<string>("package_digest")[row],
                ServiceFingerprint = Get<string>("service_fingerprint")[row],
                RuntimeBuild = Get<string>("runtime_build")[row],
                ReceivedTime = Get<long>("received_time")[row],
                Time = Get<long>("time")[row],
                Entities = Get<string?>("entities")[row],
                Request = Get<string?>("request")[row],
                FeatureNames = Get<string[]>("feature_names")[row],
                FeatureValues = Get<double?[]>("feature_values")[row],
                FeatureTexts = Get<string?[]?>("feature_texts")[row] ?? [],
                FeatureStatuses = [.. Get<int[]>("feature_statuses")[row].Select(status => (FeatureStatus)status)],
                FeatureEventTimes = Get<long?[]>("feature_event_times")[row],
                FeatureDefaulted = Get<bool[]>("feature_defaulted")[row],
                Input = Get<byte[]?>("input")[row],
                BatchRows = Get<int>("batch_rows")[row],
                BatchRow = Get<int>("batch_row")[row],
                OutputNames = Get<string[]>("output_names")[row],
                Output = Get<byte[]?>("output")[row],
                Decision = Get<string?>("decision")[row],
                Error = Get<string?>("error")[row],
                Duration = Get<long>("duration")[row],
            };
        }
    }
}

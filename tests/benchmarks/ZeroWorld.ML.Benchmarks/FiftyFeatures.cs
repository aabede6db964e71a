using System.Globalization;
using System.Text;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>50 features of one entity in 5 views of 10: as last-value rows of doubles, or as windows over blocks of events.</summary>
internal sealed class FiftyFeatures
{
    public const int Views = 5;
    public const int FeaturesPerView = 10;
    private const int WindowEvents = 20;
    private const long Day = 86_400_000_000;

    private readonly bool _isWindows;
    private readonly StorageField[] _fields;
    private readonly int[] _payloads;

    public FiftyFeatures(bool isWindows)
    {
        _isWindows = isWindows;
        var set = DefinitionLoader.Load([new DefinitionFile("fifty.yaml", Definitions(isWindows))]);
        Plan = new FeatureServicePlan(set.GetService("all"), static _ => true);
        _fields = [.. Plan.Views.Select(static view => view.Field).OrderBy(static field => field.View.Name, StringComparer.Ordinal)];
        _payloads = [.. Plan.Views.Select(view => Array.IndexOf(_fields, view.Field))];
    }

    public string Name => _isWindows ? "window blocks" : "last-value rows";

    public FeatureServicePlan Plan { get; }

    /// <summary>In the order in which they are read.</summary>
    public IReadOnlyList<StorageField> Fields => _fields;

    /// <summary>The moment of the reads; everything that is stored happened before.</summary>
    public static long Now { get; } = 1_533_081_600_000_000;

    public static EntityId Id(int number) => new("default", "customer", string.Create(CultureInfo.InvariantCulture, $"i{number}"));

    /// <summary>The key of the hash in which they lie (docs/formats/online-row.md), for a reader without the store.</summary>
    public string Key(int number) => string.Create(CultureInfo.InvariantCulture, $"z1:{{default/customer/i{number}}}:{(_isWindows ? 'w' : 'v')}");

    public static double Value(int number, int view, int feature) => (number * 1.5) + (view * 100) + feature + 0.125;

    public async Task WriteAsync(IOnlineStore store, int entities, CancellationToken cancellationToken)
    {
        for (var view = 0; view < Views; view++)
        {
            var index = view;
            if (_isWindows)
            {
                await store.AppendEventsAsync(
                    _fields[view], [.. Enumerable.Range(0, entities).Select(number => new WindowAppend(Id(number), Block(number, index)))], long.MinValue, cancellationToken);
            }
            else
            {
                await store.WriteRowsAsync(
                    _fields[view], [.. Enumerable.Range(0, entities).Select(number => new OnlineRowWrite(Id(number), Row(number, index)))], cancellationToken);
            }
        }
    }

    /// <summary>Makes the row and puts it into a row of the tensor.</summary>
    /// <param name="payloads">Bytes per field, in the order of <see cref="Fields"/>.</param>
    /// <param name="views">5 of work space.</param>
    /// <param name="cells">50 cells of work space.</param>
    /// <param name="tensor">Receives 50 float32.</param>
    public void Build(IReadOnlyList<ReadOnlyMemory<byte>?> payloads, Span<ViewPayload> views, Span<FeatureCell> cells, Span<float> tensor)
    {
        for (var view = 0; view < Views; view++)
        {
            views[view] = new ViewPayload(ViewPayloadState.Answered, payloads[_payloads[view]] ?? default, long.MinValue);
        }

        Plan.BuildRow(Now, [], views, cells);
        for (var column = 0; column < cells.Length; column++)
        {
            tensor[column] = (float)cells[column].Value.ToDouble();
        }
    }

    /// <summary>What <see cref="Build"/> must give in a column.</summary>
    public float Expected(int number, int column)
    {
        var (view, feature) = (column / FeaturesPerView, column % FeaturesPerView);
        return _isWindows ? (float)(feature % 2 == 0 ? WindowEvents : Value(number, view, 0)) : (float)Value(number, view, feature);
    }

    private byte[] Row(int number, int view) => OnlineRowCodec.Encode(
        _fields[view], Now - Day, Now - Day, [.. Enumerable.Range(0, FeaturesPerView).Select(feature => FeatureValue.FromFloat64(Value(number, view, feature)))]);

    private byte[] Block(int number, int view)
    {
        var builder = new WindowBlockBuilder(_fields[view]);
        for (var index = 0; index < WindowEvents; index++)
        {
            var time = Now - ((index + 1) * (Day / 48));
            builder.Add(time, time, FeatureValue.FromInt64(((long)number * 1000) + index), "", [FeatureValue.FromFloat64(Value(number, view, 0))]);
        }

        return builder.Build();
    }

    /// <summary>The definitions as YAML, with the service <c>all</c>.</summary>
    public static string Definitions(bool isWindows)
    {
        var yaml = new StringBuilder("version: 1\nentities: [{ name: customer, keys: [{ name: customer_id, type: int64 }] }]\nfeature_views:\n");
        for (var view = 0; view < Views; view++)
        {
            yaml.AppendLine(CultureInfo.InvariantCulture, $"  - name: v{view}\n    entity: customer\n    source: {{ table: t{view}, event_time: at, event_id: id, keys: {{ customer_id: c }} }}");
            if (isWindows)
            {
                yaml.AppendLine("    window: { precision: exact }");
            }
            else
            {
                yaml.Replace(", event_id: id", "");
            }

            yaml.AppendLine("    features:");
            for (var feature = 0; feature < FeaturesPerView; feature++)
            {
                yaml.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"      - {{ name: f{view}_{feature}, {(isWindows ? $"window: {feature + 1}d, aggregate: {(feature % 2 == 0 ? "count" : "mean, of: a")}" : "type: float64")} }}");
            }
        }

        yaml.AppendLine("feature_services:\n  - name: all\n    features: [v0.*, v1.*, v2.*, v3.*, v4.*]");
        return yaml.ToString();
    }
}

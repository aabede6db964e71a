using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.GpuNodes;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>The serving engine over fakes, composed by <see cref="ServingServiceCollectionExtensions.AddServing"/>; its loops are not started.</summary>
internal sealed class ServingHost : IAsyncDisposable
{
    public const string Definitions = """
        version: 1
        entities:
          - name: customer
            keys: [{ name: customer_id, type: int64 }]
          - name: terminal
            keys: [{ name: terminal_id, type: int64 }]
        feature_views:
          - name: profile
            entity: customer
            source: { table: customers, event_time: updated_at, keys: { customer_id: ID } }
            features:
              - { name: credit_limit, type: float64, column: LIMIT, default: 100 }
              - { name: is_vip, type: bool, column: VIP }
          - name: risk
            entity: terminal
            source: { table: transactions, event_time: TX_DATETIME, event_id: TRANSACTION_ID, keys: { terminal_id: TERMINAL_ID } }
            window: { label_delay: 7d }
            features:
              - { name: terminal_tx_count_7d, aggregate: count, window: 7d }
              - { name: terminal_fraud_risk_7d, aggregate: mean, of: TX_FRAUD, window: 7d, default: 0 }
        feature_services:
          - name: fraud
            request:
              - { name: amount, type: float64 }
              - { name: channel, type: string, default: web }
            transforms:
              - { name: is_night, type: bool, expression: "hour(time) <= 6" }
            features: [amount, channel, is_night, profile.*, risk.*]
        """;

    private readonly ServiceProvider _provider;
    private readonly TestPackages _packages = new();

    public ServingHost(string definitions = Definitions, Action<IServiceCollection>? configure = null)
    {
        Plan = Services.Apply(definitions, "fraud");
        var services = new ServiceCollection();
        services.AddLogging(builder => builder.AddProvider(Log));
        services.AddSingleton<TimeProvider>(Time);
        services.AddSingleton<IModelCatalog>(Catalog);
        services.AddSingleton<IOnlineStore>(Store);
        services.AddSingleton<IFeatureServiceProvider>(Services);
        services.AddSingleton<IPredictionLogSink>(LogFiles);
        services.AddSingleton<IPredictionLogReader>(LogFiles);
        services.AddSingleton<IModelRuntime>(Runtime);
        services.AddSingleton(new MemoryBudget(
            new DeviceInventory([new Device { Id = DeviceId.Cpu, Name = "test", MemoryBytes = 32_000_000, Cores = 2 }]), new MemoryBudgetOptions()));

        // Its own clock: a request's timeout passes while the rest of the test stands still.
        services.AddSingleton(provider => new OnlineReadCoalescer(Store, Reads, TimeProvider.System, provider.GetRequiredService<ILogger<OnlineReadCoalescer>>()));
        services.AddServing();

        // A busy machine must not make features unavailable; the test of the timeout sets its own.
        services.Configure<PredictionOptions>(static options => options.FeatureTimeout = TimeSpan.FromSeconds(30));
        configure?.Invoke(services);
        _provider = services.BuildServiceProvider();
    }

    public static ModelName Model => TestPackages.Model;

    /// <summary>2018-08-08T12:00:00Z.</summary>
    public static DateTimeOffset Noon { get; } = new(2018, 8, 8, 12, 0, 0, TimeSpan.Zero);

    public FakeTimeProvider Time { get; } = new(Noon);

    public FakeCatalog Catalog { get; } = new();

    public FakeRuntime Runtime { get; } = new();

    public FakeOnlineStore Store { get; } = new();

    /// <summary>Limits of the reads, until the first.</summary>
    public OnlineReadCoalescerOptions Reads { get; } = new();

    public FakeFeatureServices Services { get; } = new();

    public FakeLogFiles LogFiles { get; } = new();

    public RecordingLogger Log { get; } = new();

    public FeatureServicePlan Plan { get; }

    public ServableManager Servables => _provider.GetRequiredService<ServableManager>();

    public PredictionPath Predictions => _provider.GetRequiredService<PredictionPath>();

    public InferencePath Inferences => _provider.GetRequiredService<InferencePath>();

    public ServedModels Models => _provider.GetRequiredService<ServedModels>();

    public PredictionLog PredictionLog => _provider.GetRequiredService<PredictionLog>();

    public FeaturePath Features => _provider.GetRequiredService<FeaturePath>();

    public PredictionReplay Replay => _provider.GetRequiredService<PredictionReplay>();

    public CoverageCache Coverage => _provider.GetRequiredService<CoverageCache>();

    public IPackageVerifier Verifier => _provider.GetRequiredService<IPackageVerifier>();

    public IModelScorer Scorer => _provider.GetRequiredService<IModelScorer>();

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public StorageField Field(string view) => Plan.Views.Single(item => item.View.Name == view).Field;

    public ModelPackage MakePackage(Func<ModelManifest, ModelManifest>? change = null, float? goldenScore = null) => _packages.Add(Plan.Service, change, goldenScore);

    public ModelPackage MakeTensorPackage(Func<ModelManifest, ModelManifest>? change = null) => _packages.Add(null, change);

    /// <summary>Registers a version and points <c>champion</c> at it.</summary>
    public ModelPackage Register(long version, bool isChampion = true, Func<ModelManifest, ModelManifest>? change = null)
    {
        var package = MakePackage(change);
        Catalog.Add(Model, version, package);
        if (isChampion)
        {
            Catalog.SetAlias(Model, "champion", version);
        }

        return package;
    }

    /// <summary>One version as champion, loaded, and features of customer 1 and terminal 2 in the store.</summary>
    public async Task<ModelPackage> StartAsync()
    {
        var package = Register(1);
        PutProfile(1, limit: 250, isVip: true);
        PutRisk(2, (Noon.AddDays(-8), 1), (Noon.AddDays(-9), 0));
        await Servables.RefreshAsync(Cancellation);

        // What loading read to warm up is no test's business.
        Store.Reads.Clear();
        return package;
    }

    public void PutProfile(long customer, double? limit, bool? isVip, DateTimeOffset? time = null)
    {
        var moment = UnixMicroseconds.FromDateTimeOffset(time ?? Noon.AddDays(-1));
        var field = Field("profile");
        Store.Put(field, $"i{customer}", OnlineRowCodec.Encode(field, moment, moment,
        [
            limit is { } value ? FeatureValue.FromFloat64(value) : FeatureValue.Null(FeatureType.Float64),
            isVip is { } flag ? FeatureValue.FromBool(flag) : FeatureValue.Null(FeatureType.Bool),
        ]));
    }

    public void PutRisk(long terminal, params (DateTimeOffset Time, double Fraud)[] events)
    {
        var field = Field("risk");
        var block = new WindowBlockBuilder(field);
        var id = 0;
        foreach (var (time, fraud) in events)
        {
            var moment = UnixMicroseconds.FromDateTimeOffset(time);
            block.Add(moment, moment, FeatureValue.FromInt64(id++), $"i{terminal}", [FeatureValue.FromFloat64(fraud)]);
        }

        Store.Put(field, $"i{terminal}", block.Build());
    }

    public static RequestColumn Ids(string name, params long[] values) => new(name, FeatureType.Int64, values.Select(FeatureValue.FromInt64).ToArray());

    public static RequestColumn Amounts(params double[] values) => new("amount", FeatureType.Float64, values.Select(FeatureValue.FromFloat64).ToArray());

    public static PredictionRequest Request(params RequestColumn[] request) => new()
    {
        Model = "fraud",
        Entities = [Ids("customer_id", 1), Ids("terminal_id", 2)],
        Request = request.Length == 0 ? [Amounts(57.16)] : request,
    };

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        _packages.Dispose();
    }
}

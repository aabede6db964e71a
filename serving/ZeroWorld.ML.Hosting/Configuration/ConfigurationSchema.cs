using System.Collections.Frozen;
using System.Reflection;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Kafka;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.GpuNodes;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.OnnxRuntime;
using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Hosting;

/// <summary>All settings there are: the properties of the options classes, under their sections.</summary>
internal static class ConfigurationSchema
{
    /// <summary>Options classes of every project, in the order in which their settings are shown.</summary>
    public static IReadOnlyList<Type> OptionTypes { get; } =
    [
        typeof(DataOptions),
        typeof(ServerOptions),
        typeof(ServerCallOptions),
        typeof(TracingOptions),
        typeof(OnlineOptions),
        typeof(RegistryOptions),
        typeof(S3Options),
        typeof(OnlineReadCoalescerOptions),
        typeof(OnlineReadCacheOptions),
        typeof(RedisOnlineStoreOptions),
        typeof(GarnetHostOptions),
        typeof(StreamConsumerOptions),
        typeof(RedisStreamOptions),
        typeof(KafkaStreamOptions),
        typeof(ParquetOfflineOptions),
        typeof(ModelFolderOptions),
        typeof(ServableManagerOptions),
        typeof(BatchSchedulerOptions),
        typeof(ResponseCacheOptions),
        typeof(PredictionOptions),
        typeof(PredictionLogOptions),
        typeof(ModerationOptions),
        typeof(OnnxRuntimeOptions),
        typeof(MemoryBudgetOptions),
    ];

    /// <summary>Properties that the composition sets itself: each follows from another setting.</summary>
    private static readonly FrozenSet<string> Derived = FrozenSet.ToFrozenSet(
    [
        $"{RedisOnlineStoreOptions.Section}:{nameof(RedisOnlineStoreOptions.Configuration)}",
        $"{GarnetHostOptions.Section}:{nameof(GarnetHostOptions.Folder)}",
        $"{ParquetOfflineOptions.Section}:{nameof(ParquetOfflineOptions.DataDirectory)}",
        $"{ModelFolderOptions.Section}:{nameof(ModelFolderOptions.OverrideFolder)}",
    ]);

    public static IReadOnlyList<Setting> Settings { get; } =
    [
        .. OptionTypes.SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(static property => property.CanWrite)
            .Select(property => new Setting(Join(SectionOf(type), property.Name), type, property))
            .Where(static setting => !Derived.Contains(setting.Key))),
    ];

    private static readonly FrozenDictionary<string, Setting> ByName = Settings.ToFrozenDictionary(static setting => Normalize(setting.Key), StringComparer.Ordinal);

    /// <summary>Finds a setting whatever the case of its key, and with or without '_' and '-' inside the words: <c>server:http_port</c>.</summary>
    public static Setting? Find(string key) => ByName.GetValueOrDefault(Normalize(key));

    public static string SectionOf(Type optionsType) =>
        (string)optionsType.GetField("Section", BindingFlags.Public | BindingFlags.Static | BindingFlags.FlattenHierarchy)!.GetRawConstantValue()!;

    public static string Join(string section, string name) => section.Length == 0 ? name : $"{section}:{name}";

    /// <summary>The known key nearest to an unknown one, as a sentence with a space before it.</summary>
    public static string Suggest(string key)
    {
        var (nearest, distance) = Settings
            .Select(setting => (setting.Key, Distance: Distance(Normalize(key), Normalize(setting.Key))))
            .MinBy(static candidate => candidate.Distance);
        return distance <= Math.Max(2, key.Length / 3) ? $" Is '{nearest}' meant?" : " 'zwml config show' lists all settings.";
    }

    private static string Normalize(string key) =>
        key.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>Levenshtein distance.</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (left[i - 1] == right[j - 1] ? 0 : 1)));
            }
        }

        return row[right.Length];
    }
}

using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Deletes one entity everywhere: the list of deletions first, then the online store, the prediction log, and the files of tables.</summary>
/// <remarks>
/// In that order a deletion that ends half-way leaves nothing that could bring the entity back, and is repeated as it was. Thread safe: one deletion at a time.
/// </remarks>
public sealed class EntityEraser(
    FeatureServiceCatalog catalog, ErasureList erasures, IOnlineStore online, IOfflineStore tables, PredictionLog log, IRowEraser logged, TimeProvider time) : IDisposable
{
    // What the log says of a row beside whose it was and when (docs/formats/prediction-log.md).
    private static readonly string[] Redacted =
        ["entities", "request", "feature_names", "feature_values", "feature_texts", "feature_statuses", "feature_event_times", "feature_defaulted", "input", "output_names", "output", "decision"];

    private readonly SemaphoreSlim _turn = new(1);

    /// <param name="project">Project name.</param>
    /// <param name="entity">Name of the entity.</param>
    /// <param name="keys">One column per key of it, with one value each.</param>
    /// <param name="until">Event time, microseconds since the epoch, inclusive; <see langword="null"/>: now.</param>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.NotFound"/>: no such project or entity. <see cref="FeatureError.InvalidInput"/>: the keys are not those of the entity, or the time
    /// is in the future. <see cref="FeatureError.StoreUnavailable"/>: repeat it.
    /// </exception>
    public async Task<ErasureReceipt> EraseAsync(
        string project, string entity, IReadOnlyList<RequestColumn> keys, long? until, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var set = catalog.GetDefinitions(project);
        var definition = set.Entities.FirstOrDefault(item => item.Name == entity) ?? throw new FeatureException(
            FeatureError.NotFound, $"Project '{project}' has no entity '{entity}'. Its entities: {string.Join(", ", set.Entities.Select(static item => item.Name).Order(StringComparer.Ordinal))}.");
        var values = ReadKeys(definition, keys);
        var now = UnixMicroseconds.FromDateTimeOffset(time.GetUtcNow());
        var moment = until ?? now;
        if (moment > now)
        {
            throw new FeatureException(
                FeatureError.InvalidInput, $"'until' is {UnixMicroseconds.ToText(moment)}, which lies in the future of {UnixMicroseconds.ToText(now)}; expected a time until now, since what happens later is kept.");
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var id = new EntityId(project, entity, EntityKeyCodec.Encode(definition, values));
            var token = erasures.Add(id, moment);
            var fields = (await catalog.GetFieldsAsync(project, null, cancellationToken).ConfigureAwait(false)).Where(field => field.View.Entity.Name == entity).ToList();
            await online.DeleteEntityAsync(id, fields, moment, cancellationToken).ConfigureAwait(false);

            // What was answered until now must be in a file to be redacted.
            await log.FlushAsync(cancellationToken).ConfigureAwait(false);
            var match = new LoggedEntity(NamesOf(set, definition), values);
            var (rows, files) = await logged.EraseAsync(
                $"project={project}", "entities", match.IsIn, Redacted, ("error", LoggedPrediction.Erased), cancellationToken).ConfigureAwait(false);
            var erased = await tables.EraseAsync(new TableErasureRequest(project, set.Views, entity, values, moment), cancellationToken).ConfigureAwait(false);
            return new ErasureReceipt(token, moment, fields.Count, rows, files, erased.Rows, erased.Files);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private static FeatureValue[] ReadKeys(Entity entity, IReadOnlyList<RequestColumn> keys)
    {
        if (keys.FirstOrDefault(column => entity.Keys.All(key => key.Name != column.Name)) is { } unknown)
        {
            throw Misfit(entity, $"'{unknown.Name}' is none of them");
        }

        var values = new FeatureValue[entity.Keys.Count];
        for (var index = 0; index < values.Length; index++)
        {
            var key = entity.Keys[index];
            var given = keys.Where(column => column.Name == key.Name).ToList();
            if (given is not [{ Values.Length: 1 } column])
            {
                throw Misfit(entity, $"'{key.Name}' is given {given.Sum(static column => column.Values.Length)} times; expected one value");
            }

            values[index] = column.Type == key.Type && !column.Values.Span[0].IsNull
                ? column.Values.Span[0]
                : throw Misfit(entity, $"'{key.Name}' is {(column.Values.Span[0].IsNull ? "null" : $"a {FeatureTypeNames.Of(column.Type)}")}; expected {FeatureTypeNames.Of(key.Type)}");
        }

        return values;
    }

    // A service may ask for the entity under aliases, whose keys have other names in the log.
    private static List<string[]> NamesOf(DefinitionSet set, Entity entity) =>
    [
        .. set.Services.SelectMany(static service => service.Columns).Select(static column => column.View?.Entity).OfType<Entity>().Append(entity)
            .Where(item => item.Name == entity.Name).Select(static item => item.Keys.Select(static key => key.Name).ToArray()).DistinctBy(static names => string.Join('\n', names)),
    ];

    private static FeatureException Misfit(Entity entity, string problem) => new(
        FeatureError.InvalidInput, $"The keys of entity '{entity.Name}' are {string.Join(", ", entity.Keys.Select(static key => $"{key.Name} ({FeatureTypeNames.Of(key.Type)})"))}: {problem}.");

    /// <summary>Whether the keys of a logged row, a JSON object, are those of one entity.</summary>
    private sealed class LoggedEntity(List<string[]> names, FeatureValue[] values)
    {
        public bool IsIn(string json)
        {
            using var document = JsonDocument.Parse(json);
            return names.Exists(tuple => tuple.Index().All(item => document.RootElement.TryGetProperty(item.Item, out var logged) && IsEqual(logged, values[item.Index])));
        }

        private static bool IsEqual(JsonElement logged, in FeatureValue value) => logged.ValueKind switch
        {
            // Recommenders know their users as texts.
            JsonValueKind.String => value.Type is FeatureType.String or FeatureType.Bytes or FeatureType.Int64 && logged.GetString() == value.ToString(),
            JsonValueKind.Number => value.Type is FeatureType.Int64 or FeatureType.Timestamp && logged.TryGetInt64(out var number) && number == value.AsInt64(),
            JsonValueKind.True or JsonValueKind.False => value.Type == FeatureType.Bool && logged.GetBoolean() == value.AsBool(),
            _ => false,
        };
    }
}

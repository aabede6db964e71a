using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>The objects <c>entities</c> and <c>request</c> of a JSON body as columns, by the types that a feature service declares.</summary>
internal static class JsonColumns
{
    /// <param name="section">The object, or nothing.</param>
    /// <param name="plan">Who declares the types; <see langword="null"/>: nobody.</param>
    public static RequestColumn[] ReadEntities(JsonElement section, FeatureServicePlan? plan) =>
        Read(section, "entities", name => plan?.Entities.SelectMany(static entity => entity.Keys).FirstOrDefault(key => key.Name == name)?.Type);

    /// <inheritdoc cref="ReadEntities"/>
    public static RequestColumn[] ReadRequest(JsonElement section, FeatureServicePlan? plan) =>
        Read(section, "request", name => name == FeatureService.TimeValue
            ? FeatureType.Timestamp
            : plan?.Service.RequestValues.FirstOrDefault(value => value.Name == name)?.Type);

    private static RequestColumn[] Read(JsonElement section, string where, Func<string, FeatureType?> typeOf) =>
        section.ValueKind == JsonValueKind.Undefined
            ? []
            : [.. section.EnumerateObject().Select(property => JsonValues.ReadColumn(property.Name, $"{where}.{property.Name}", property.Value, typeOf(property.Name)))];
}

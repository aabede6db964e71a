using System.Text.Json;
using System.Text.Json.Serialization;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>Lists as the prediction log holds them, there and back: a JSON array, in which NaN and infinities are strings.</summary>
internal static class LoggedLists
{
    private static readonly JsonSerializerOptions Options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public static string ToText(in FeatureValue value) => value.Type switch
    {
        FeatureType.Int64List => JsonSerializer.Serialize(value.AsInt64List().ToArray(), Options),
        FeatureType.Float64List => JsonSerializer.Serialize(value.AsFloat64List().ToArray(), Options),
        _ => JsonSerializer.Serialize(value.AsStringList().ToArray(), Options),
    };

    /// <exception cref="JsonException">It is no such list.</exception>
    public static FeatureValue FromText(FeatureType type, string text) => type switch
    {
        FeatureType.Int64List => FeatureValue.FromInt64List(JsonSerializer.Deserialize<long[]>(text, Options)!),
        FeatureType.Float64List => FeatureValue.FromFloat64List(JsonSerializer.Deserialize<double[]>(text, Options)!),
        _ => FeatureValue.FromStringList(JsonSerializer.Deserialize<string[]>(text, Options)!),
    };
}
